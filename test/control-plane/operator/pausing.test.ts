import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rabbitmq } from "../../../embedded/rabbitmq.ts";
import {
  eventually,
  operatorWorld,
  plenty,
  startBroker,
  untilCondition,
  untilReady,
  untilRecommended,
} from "./operator-world.ts";

let broker: Rabbitmq;
let stopBroker: () => Promise<void>;
beforeAll(async () => {
  ({ broker, stop: stopBroker } = await startBroker());
});
afterAll(() => stopBroker());

describe("pausing by annotation", () => {
  test("paused keeps the count; without it the operator goes on", { timeout: 240_000 }, async () => {
    const world = await operatorWorld(broker);
    await world.autoscale("images", {}, { "millrace.dev/paused": "true" });
    world.operator();
    await untilCondition(world, "Paused", "True Annotation");
    await world.publish("jobs", plenty);
    await untilRecommended(world);
    expect(await world.replicas()).toBe(0);
    await world.annotate("images", { "millrace.dev/paused": null });
    await eventually(() => world.replicas()).toBe(10);
    await untilCondition(world, "Paused", "False NotPaused");
  });

  test("paused-replicas sets the number", async () => {
    const world = await operatorWorld(broker);
    await world.autoscale("images");
    world.operator();
    await untilReady(world);
    await world.annotate("images", { "millrace.dev/paused-replicas": "3" });
    await eventually(() => world.replicas()).toBe(3);
    await untilCondition(world, "Paused", "True Annotation");
  });

  test("paused-scale-out keeps jobs waiting, and paused-scale-in keeps replicas", async () => {
    const world = await operatorWorld(broker);
    await world.autoscale("images", {}, { "millrace.dev/paused-scale-out": "true" });
    world.operator();
    await untilReady(world);
    await world.publish("jobs", plenty);
    await eventually(async () => (await world.status("images")).lastDecision?.reason).toBe(
      "scale-out-disabled",
    );
    expect(await world.replicas()).toBe(0);
    await world.annotate("images", {
      "millrace.dev/paused-scale-out": null,
      "millrace.dev/paused-scale-in": "true",
    });
    await eventually(() => world.replicas()).toBe(10);
    await world.purge("jobs");
    await eventually(async () => (await world.status("images")).lastDecision?.reason, 40_000).toBe(
      "scale-in-disabled",
    );
    expect(await world.replicas()).toBe(10);
  });
});

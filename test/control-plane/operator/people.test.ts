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

test("an edit counts at once, and the status says which generation it speaks of", async () => {
  const world = await operatorWorld(broker);
  await world.autoscale("images");
  world.operator();
  await untilReady(world);
  await world.publish("jobs", plenty);
  await eventually(() => world.replicas()).toBe(10);
  await world.edit("images", { spec: { replicas: { max: 4 } } });
  await eventually(() => world.replicas()).toBe(4);
  await eventually(async () => (await world.status("images")).observedGeneration).toBe(2);
});

test("deleted, it leaves the replicas as they are", async () => {
  const world = await operatorWorld(broker);
  await world.autoscale("images");
  const operator = world.operator();
  await untilReady(world);
  await world.publish("jobs", plenty);
  await eventually(() => world.replicas()).toBe(10);
  await world.remove("images");
  await eventually(async () => {
    const answer = await fetch(`${await operator.url()}/v1/autoscalers`);
    return answer.json();
  }).toEqual({ items: [] });
  await world.purge("jobs");
  expect(await world.replicas()).toBe(10);
  await eventually(async () => operator.changes.at(-1)?.to).toBe(10);
});

describe("a count set by hand", () => {
  test("a raise is respected for the hold; then the load decides", async () => {
    const world = await operatorWorld(broker);
    await world.autoscale("images", { scaleIn: { holdSeconds: 8, toZeroAfterSeconds: 1 } });
    const operator = world.operator();
    await untilReady(world);
    const raisedMs = Date.now();
    await world.scaleByHand(6);
    await eventually(() => world.replicas(), 60_000).toBe(0);
    expect(Date.now() - raisedMs).toBeGreaterThan(8_000);
    // It logs what it has done.
    await eventually(async () => operator.changes).toEqual([{ from: 6, to: 0 }]);
  });

  test("zero with min ≥ 1 is a pause; raised again, it goes on", { timeout: 240_000 }, async () => {
    const world = await operatorWorld(broker);
    await world.autoscale("images", { replicas: { min: 2, max: 10 } });
    const operator = world.operator();
    await eventually(() => world.replicas()).toBe(2);
    await eventually(async () => (await world.status("images")).replicas?.ready).toBe(2);
    await world.scaleByHand(0);
    await untilCondition(world, "Paused", "True ZeroByHand");
    await world.publish("jobs", plenty);
    await untilRecommended(world);
    expect(await world.replicas()).toBe(0);
    // The next leader knows it too.
    await operator.end("SIGTERM");
    world.operator();
    await eventually(async () => (await world.status("images")).lastDecision?.limitedBy).toContain("paused");
    expect(await world.replicas()).toBe(0);
    await world.scaleByHand(1);
    await eventually(() => world.replicas()).toBe(10);
  });

  test("lowered under load, it is raised again by one decision", async () => {
    const world = await operatorWorld(broker);
    await world.autoscale("images");
    const operator = world.operator();
    await untilReady(world);
    await world.publish("jobs", plenty);
    await eventually(() => world.replicas()).toBe(10);
    await world.scaleByHand(4);
    await eventually(() => world.replicas()).toBe(10);
    await eventually(async () => operator.changes.at(-1)).toEqual({ from: 4, to: 10 });
  });
});

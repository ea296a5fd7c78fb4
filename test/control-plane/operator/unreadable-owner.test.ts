import { afterAll, beforeAll, expect, test } from "vitest";
import type { Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { eventually, operatorWorld, startBroker } from "./operator-world.ts";

let broker: Rabbitmq;
let stopBroker: () => Promise<void>;
beforeAll(async () => {
  ({ broker, stop: stopBroker } = await startBroker());
});
afterAll(() => stopBroker());

test("an older autoscaler that is misspelt keeps its target until it is put right or deleted", async () => {
  const world = await operatorWorld(broker);
  await world.autoscale("elder");
  // The API server counts ages in whole seconds; of the same age, the name decides.
  await world.autoscale("younger", { replicas: { min: 3, max: 5 } });
  world.operator();
  await eventually(() => world.condition("younger", "TargetConflict")).toBe("True OwnedByOther");
  await world.annotate("elder", { "millrace.dev/pausd": "true" });
  await eventually(() => world.condition("elder", "Ready")).toBe("False InvalidResource");
  const conflict = async () =>
    (await world.status("younger")).conditions?.find(({ type }) => type === "TargetConflict")?.message;
  await eventually(conflict).toContain("elder cannot be read at the moment");
  expect(await world.replicas()).toBe(0);
  await world.remove("elder");
  await eventually(() => world.replicas()).toBe(3);
  await eventually(() => world.condition("younger", "Ready")).toBe("True Deciding");
});

import { createServer } from "node:http";
import { once } from "node:events";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { ManualClock } from "../../test/fakes/manual-clock.ts";
import { MemoryFleet } from "../../test/fakes/memory-fleet.ts";
import { MemoryStateStore } from "../../test/fakes/memory-state-store.ts";
import { autoscalerResource, scenarioTarget, startedScenario } from "../../test/fakes/operator-scenario.ts";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import { createOperator } from "./operator.ts";

test("walks a backlog up and down: jobs come, replicas follow, and at the end none is left", async () => {
  const scenario = await startedScenario();
  await scenario.walk(4);
  expect(scenario.desired).toBe(0);
  scenario.world.publish(30);
  await scenario.walk(4);
  expect(scenario.desired).toBeGreaterThanOrEqual(3);
  await scenario.walk(600);
  expect(scenario.world.finished).toBe(30);
  expect(scenario.desired).toBe(0);
});

function operatorAt(port: number) {
  const clock = new ManualClock();
  const state = new MemoryStateStore();
  const operator = createOperator({
    autoscalers: [autoscalerResource()],
    fleet: new MemoryFleet([scenarioTarget], { clock }),
    state,
    registry: new Registry(),
    logger: new RecordingLogger(),
    nowMs: clock.read,
    listen: { host: "127.0.0.1", port },
  });
  return { operator, state };
}

test("answers while it runs, saves when it stops, and may be stopped before the start and twice", async () => {
  const unstarted = operatorAt(0);
  await unstarted.operator.stop();
  expect(unstarted.state.saves).toBe(0);

  const { operator, state } = operatorAt(0);
  await operator.start();
  expect((await fetch(`${operator.url}/healthz`)).status).toBe(200);
  await operator.stop();
  await operator.stop();
  expect(state.state).toHaveProperty("default/images");
  await expect(fetch(`${operator.url}/healthz`)).rejects.toThrow();
});

test("a port that is taken rejects the start, and no cycle runs", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const { operator } = operatorAt(typeof address === "object" && address !== null ? address.port : 0);
  await expect(operator.start()).rejects.toThrow("EADDRINUSE");
  expect(operator.autoscalers[0]?.latest).toBeUndefined();
  await operator.stop();
  other.close();
});

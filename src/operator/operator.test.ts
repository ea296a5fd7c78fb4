import { createServer } from "node:http";
import { once } from "node:events";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../test/fakes/manual-clock.ts";
import { MemoryFleet } from "../../test/fakes/memory-fleet.ts";
import { MemoryLease } from "../../test/fakes/memory-lease.ts";
import { MemoryStateStore } from "../../test/fakes/memory-state-store.ts";
import { autoscalerResource, scenarioTarget, startedScenario } from "../../test/fakes/operator-scenario.ts";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import type { OperatorFeed } from "./operator-feed.ts";
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

test("serves the page that it is given, and lets it see who leads and what is known", async () => {
  const clock = new ManualClock();
  const lease = new MemoryLease({ isHeld: false });
  lease.holder = "operator-1";
  const feeds: OperatorFeed[] = [];
  const operator = createOperator(
    {
      autoscalers: [autoscalerResource()],
      fleet: new MemoryFleet([scenarioTarget], { clock }),
      lease,
      registry: new Registry(),
      version: "1.2.3",
      logger: new RecordingLogger(),
      nowMs: clock.read,
      listen: { host: "127.0.0.1", port: 0 },
      page: (feed) => {
        feeds.push(feed);
        return async (app) => void app.get("/", async () => "the page");
      },
    },
    { cycleSeconds: 60 },
  );
  await operator.start();
  onTestFinished(() => operator.stop());
  expect(await (await fetch(operator.url ?? "")).text()).toBe("the page");
  const [feed] = feeds;
  expect(feed).toMatchObject({ version: "1.2.3", cycleSeconds: 60, nowMs: clock.read });
  expect(feed?.isFollower()).toBe(true);
  expect(feed?.leader()).toBe("operator-1");
  expect(feed?.autoscalers()).toEqual([]);
  lease.gain();
  await operator.cycle();
  expect(feed?.isFollower()).toBe(false);
  expect(feed?.autoscalers().map(({ key }) => key)).toEqual(["default/images"]);
});

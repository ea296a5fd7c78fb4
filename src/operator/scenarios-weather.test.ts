import { describe, expect, test } from "vitest";
import {
  type OperatorScenario,
  type ScenarioOptions,
  startedScenario,
} from "../../test/fakes/operator-scenario.ts";

/** Replicas that soon have nothing left to do; without trouble they would go. */
async function scenarioWithIdleReplicas(options: ScenarioOptions = {}): Promise<OperatorScenario> {
  const scenario = await startedScenario({
    ...options,
    spec: { replicas: { min: 0, max: 60 }, ...options.spec },
  });
  scenario.world.publish(10);
  await scenario.walk(4);
  expect(scenario.desired).toBeGreaterThan(0);
  return scenario;
}

describe("while the workers' metrics are missing", () => {
  test("a Prometheus that has seen no worker yet counts as read, and one that fails does not", async () => {
    const scenario = await startedScenario();
    const lastRead = async () =>
      Number((await scenario.metric(/^millrace_workers_last_success/))?.split(" ").at(-1));
    scenario.world.workers = "unseen";
    await scenario.walk(60);
    const afterUnseen = await lastRead();
    expect(afterUnseen).toBeGreaterThan(scenario.clock.read() / 1_000 - 5);
    scenario.world.workers = "away";
    await scenario.walk(60);
    expect(await lastRead()).toBeLessThan(afterUnseen + 5);
  });

  for (const trouble of ["away", "empty", "stale", "rejects", "hangs"] as const) {
    test(`(${trouble}) there is no scale-in, as the broker does not tell what is in progress either`, async () => {
      const scenario = await scenarioWithIdleReplicas();
      scenario.world.workers = trouble;
      const before = scenario.desired;
      await scenario.walk(trouble === "hangs" ? 60 : 600);
      expect(scenario.world.backlog).toBe(0);
      expect(scenario.desired).toBeGreaterThanOrEqual(before);
    });
  }

  test("more replicas are still asked for when the broker tells of a backlog", async () => {
    const scenario = await scenarioWithIdleReplicas();
    scenario.world.workers = "away";
    scenario.world.publish(200);
    const before = scenario.desired;
    await scenario.walk(30);
    expect(Math.max(...scenario.fleet.changes.map(({ to }) => to))).toBeGreaterThan(before);
  });

  test("scale-in goes on when they are back", async () => {
    const scenario = await scenarioWithIdleReplicas();
    scenario.world.workers = "away";
    await scenario.walk(120);
    scenario.world.workers = "answers";
    await scenario.walk(900);
    expect(scenario.desired).toBe(0);
  });
});

describe("while the broker is away", () => {
  for (const trouble of ["away", "rejects"] as const) {
    test(`(${trouble}) and the workers report no depth, no count changes, and the condition says why`, async () => {
      const scenario = await scenarioWithIdleReplicas();
      scenario.world.broker = trouble;
      scenario.world.workersTellDepth = false;
      const before = scenario.desired;
      await scenario.walk(300);
      expect(scenario.desired).toBe(before);
      expect(await scenario.metric(/^millrace_autoscaler_condition\{.*type="SignalsFresh"/)).toContain(
        'status="false"',
      );
    });
  }

  test("the depth that the workers report takes its place", async () => {
    const scenario = await scenarioWithIdleReplicas();
    scenario.world.broker = "away";
    scenario.world.publish(200);
    const before = scenario.desired;
    await scenario.walk(30);
    expect(Math.max(...scenario.fleet.changes.map(({ to }) => to))).toBeGreaterThan(before);
  });

  test("the log says so once, and once when it is over", async () => {
    const scenario = await scenarioWithIdleReplicas();
    scenario.world.broker = "away";
    await scenario.walk(60);
    scenario.world.broker = "answers";
    await scenario.walk(10);
    const lines = scenario.logger.lines.filter(({ fields }) => fields["source"] === "broker");
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      "warn: source has a problem",
      "info: source answers again",
    ]);
  });
});

describe("while the target is in trouble", () => {
  test("a target that cannot be observed is left alone, and is not ready", async () => {
    const scenario = await startedScenario();
    scenario.fleet.unknownBecause = "the pool is gone";
    scenario.world.publish(50);
    await scenario.walk(20);
    expect(scenario.fleet.changes).toEqual([]);
    expect(await scenario.metric(/^millrace_autoscaler_condition\{.*type="Ready"/)).toContain(
      'status="false"',
    );
  });

  test("a change that fails is reported with its cause, and tried again", async () => {
    const scenario = await startedScenario();
    scenario.fleet.refusal = { kind: "failed", because: "no more processes" };
    scenario.world.publish(50);
    await scenario.walk(20);
    expect(scenario.desired).toBe(0);
    expect(scenario.logger.lines.some(({ fields }) => fields["problem"] === "no more processes")).toBe(true);
    expect(await scenario.metric(/^millrace_scale_errors_total\{.*outcome="failed"/)).toBeDefined();
    scenario.fleet.refusal = undefined;
    await scenario.walk(4);
    expect(scenario.desired).toBeGreaterThan(0);
  });

  test("after a conflict the next cycle decides from the count that is really there", async () => {
    const scenario = await startedScenario();
    scenario.world.publish(50);
    scenario.fleet.refusal = { kind: "conflict", actual: 1 };
    await scenario.walk(2);
    scenario.fleet.setByHand(
      { apiVersion: "", kind: "ProcessPool", namespace: "default", name: "workers" },
      1,
    );
    scenario.fleet.refusal = undefined;
    await scenario.walk(4);
    expect(scenario.fleet.changes[0]?.from).toBe(1);
  });
});

test("a disk that refuses the state does not stop the operator, and is tried again", async () => {
  const scenario = await startedScenario();
  scenario.state.refusal = new Error("no space left");
  scenario.world.publish(50);
  await scenario.walk(4);
  expect(scenario.desired).toBeGreaterThan(0);
  expect(scenario.logger.lines.some(({ message }) => message === "state could not be saved")).toBe(true);
  scenario.state.refusal = undefined;
  await scenario.walk(2);
  expect(scenario.state.saves).toBe(1);
});

test("a disk that hangs holds up neither decisions nor the end", async () => {
  const scenario = await startedScenario();
  scenario.state.hangs = true;
  scenario.world.publish(50);
  await scenario.walk(6);
  expect(scenario.desired).toBeGreaterThan(0);
  await scenario.operator.stop();
  expect(scenario.logger.lines.some(({ message }) => message === "state could not be saved")).toBe(true);
});

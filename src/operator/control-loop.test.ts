import { describe, expect, test } from "vitest";
import { MemoryLease } from "../../test/fakes/memory-lease.ts";
import {
  autoscalerResource,
  type OperatorScenario,
  scenarioTarget,
  startedScenario,
} from "../../test/fakes/operator-scenario.ts";

test("the fast path sees the first job at zero replicas and patches at once, without a cycle", async () => {
  const scenario = await startedScenario();
  await scenario.walk(2);
  scenario.world.publish(1);
  await scenario.operator.fastLook();
  expect(scenario.fleet.changes.map(({ from }) => from)).toEqual([0]);
  expect(scenario.desired).toBeGreaterThan(0);
});

test("the fast path is one patch, not one each half second, while the replicas start", async () => {
  const scenario = await startedScenario({ startupSeconds: 10 });
  await scenario.walk(2);
  scenario.world.publish(1);
  await scenario.operator.fastLook();
  await scenario.operator.fastLook();
  await scenario.operator.fastLook();
  expect(scenario.fleet.changes.length).toBe(1);
});

test("the fast path asks neither Prometheus nor, with replicas there for a while, the broker", async () => {
  const scenario = await startedScenario();
  await scenario.walk(2);
  const { workerReads } = scenario.world;
  scenario.world.publish(1);
  await scenario.operator.fastLook();
  expect(scenario.world.workerReads).toBe(workerReads);
  scenario.world.advance(5);
  const { brokerReads } = scenario.world;
  await scenario.operator.fastLook();
  expect(scenario.world.brokerReads).toBe(brokerReads);
});

test("the fast path leaves a queue that is empty or unknown alone", async () => {
  const scenario = await startedScenario();
  await scenario.walk(2);
  await scenario.operator.fastLook();
  scenario.world.publish(1);
  scenario.world.broker = "away";
  await scenario.operator.fastLook();
  expect(scenario.fleet.changes).toEqual([]);
});

test("the fast path works while Prometheus hangs", async () => {
  const scenario = await startedScenario();
  await scenario.walk(2);
  scenario.world.workers = "hangs";
  const cycle = scenario.operator.cycle();
  await scenario.world.brokerAnswered();
  scenario.world.publish(1);
  await scenario.operator.fastLook();
  expect(scenario.fleet.changes.length).toBe(1);
  await cycle;
});

test("a cycle that began before the fast path's patch does not decide on the count from before", async () => {
  const scenario = await startedScenario();
  await scenario.walk(2);
  scenario.world.workers = "hangs";
  scenario.world.publish(1);
  const cycle = scenario.operator.cycle();
  await scenario.world.brokerAnswered();
  await scenario.operator.fastLook();
  await cycle;
  expect(scenario.fleet.changes.length).toBe(1);
  expect(scenario.logger.lines.some(({ message }) => message === "could not scale workers")).toBe(false);
  scenario.world.workers = "answers";
  await scenario.walk(2);
  const saved = scenario.state.state["default/images"];
  expect(saved?.count.foreignWritesMs).toEqual([]);
});

test("the broker is asked once for all, not again while it works on the last question", async () => {
  const scenario = await startedScenario();
  await scenario.walk(2);
  scenario.world.broker = "hangs";
  const { brokerReads } = scenario.world;
  await Promise.all([scenario.operator.cycle(), scenario.operator.fastLook(), scenario.operator.fastLook()]);
  expect(scenario.world.brokerReads).toBe(brokerReads + 1);
});

test("one decision is one patch: the count goes to where it was computed in one change a cycle", async () => {
  const scenario = await startedScenario();
  await scenario.walk(2);
  scenario.world.publish(40);
  await scenario.walk(2);
  expect(scenario.fleet.changes.length).toBe(1);
  expect(scenario.fleet.changes[0]?.to).toBe(scenario.desired);
});

test("a change is saved before the next cycle, and no change writes nothing", async () => {
  const scenario = await startedScenario();
  await scenario.walk(10);
  expect(scenario.state.saves).toBe(0);
  scenario.world.publish(40);
  await scenario.walk(2);
  expect(scenario.state.saves).toBe(1);
  expect(scenario.state.state["default/images"]?.count.expected).toBe(scenario.desired);
});

test("the log line, the metric and the history carry the same reason", async () => {
  const scenario = await startedScenario();
  await scenario.walk(2);
  scenario.world.publish(40);
  await scenario.walk(2);
  const line = scenario.logger.lines.find(({ message }) => message === "scaled workers");
  expect(line).toMatchObject({
    level: "info",
    fields: { autoscaler: "default/images", from: 0, to: scenario.desired },
  });
  const reason = String(line?.fields["reason"]);
  const labels = `namespace="default",autoscaler="images",direction="out",reason="${reason}"`;
  expect(await scenario.metric(/^millrace_scale_events_total/)).toBe(
    `millrace_scale_events_total{${labels}} 1`,
  );
  expect(scenario.state.state["default/images"]?.decisions.at(-1)?.reason).toBe(reason);
});

test("a queue that two autoscalers name is told to both", async () => {
  const scenario = await startedScenario();
  const [first] = scenario.resources;
  if (first === undefined) throw new Error("no resource");
  const second = { ...first, metadata: { ...first.metadata, name: "others" } };
  scenario.operator.replaceAutoscalers([first, second]);
  await scenario.walk(2);
  for (const name of ["images", "others"]) {
    const condition = await scenario.metric(
      new RegExp(`^millrace_autoscaler_condition\\{type="QueueShared",.*autoscaler="${name}"`),
    );
    expect(condition).toContain('status="true"');
  }
});

test("an autoscaler that is taken away leaves no series behind", async () => {
  const scenario = await startedScenario();
  await scenario.walk(2);
  expect(await scenario.metric(/autoscaler="images"/)).toBeDefined();
  scenario.operator.replaceAutoscalers([]);
  await scenario.walk(2);
  expect(await scenario.metric(/autoscaler="images"/)).toBeUndefined();
});

test("one autoscaler that cannot be decided does not keep the others from it", async () => {
  const scenario = await startedScenario();
  const [first] = scenario.resources;
  if (first === undefined) throw new Error("no resource");
  const impossible = { ...first.spec, objective: { waitSeconds: -1, attainmentRatio: 0.95 } };
  const metadata = { ...first.metadata, name: "broken", creationTimestamp: "2026-07-01T00:00:00Z" };
  const broken = { ...first, metadata, spec: impossible };
  scenario.operator.replaceAutoscalers([broken, first]);
  scenario.world.publish(20);
  await scenario.walk(2);
  expect(scenario.fleet.desiredCount(scenarioTarget)).toBeGreaterThan(0);
  expect(scenario.logger.lines.some(({ message }) => message === "autoscaler could not be decided")).toBe(
    true,
  );
  expect(await scenario.metric(/^millrace_reconcile_errors_total/)).toMatch(/ 1$/);
});

describe("busy replicas that were kept from being moved", () => {
  const spec = { objective: { waitSeconds: 30 }, expectedServiceSeconds: 40 };
  const withBusyReplicas = async () => {
    const scenario = await startedScenario({ serviceSeconds: 40, spec, brokers: new Map([["default", {}]]) });
    scenario.fleet.takesVictims = true;
    Object.assign(scenario.world, { brokerTellsUnacked: true, brokerTellsHolders: true });
    scenario.world.publish(20);
    await scenario.walk(30);
    expect(scenario.fleet.protections.at(-1)).not.toEqual([]);
    return scenario;
  };
  /** What the fleet was told in so many seconds. */
  const toldDuring = async (scenario: OperatorScenario, seconds: number) => {
    const before = scenario.fleet.protections.length;
    await scenario.walk(seconds);
    return scenario.fleet.protections.slice(before);
  };

  test.each<readonly [string, (scenario: OperatorScenario) => void]>([
    ["only watches", (scenario) => scenario.replaceResource({ ...spec, mode: "DryRun" })],
    [
      "has lost the target",
      ({ fleet }) => (fleet.owner = { kind: "ScaledObject", name: "other", remedy: "Pause it." }),
    ],
    ["is refused", (scenario) => scenario.replaceResource({ ...spec, broker: "nobody-knows" })],
    ["is gone", ({ operator }) => operator.replaceAutoscalers([])],
  ])("are let go for a minute when their autoscaler %s, and then left alone", async (_why, change) => {
    const scenario = await withBusyReplicas();
    change(scenario);
    const told = await toldDuring(scenario, 60);
    expect(told.length).toBeGreaterThan(20);
    expect(told.every((busy) => busy.length === 0)).toBe(true);
    await scenario.walk(4);
    expect(await toldDuring(scenario, 20)).toEqual([]);
  });

  test("are let go also by an operator that has only ever seen their autoscaler watch", async () => {
    const scenario = await startedScenario({ spec: { mode: "DryRun" } });
    expect(await toldDuring(scenario, 4)).toContainEqual([]);
  });

  test("stay so while another autoscaler acts on their target", async () => {
    const scenario = await withBusyReplicas();
    const resource = autoscalerResource(spec);
    const watching = autoscalerResource({ ...spec, mode: "DryRun" });
    const beside = { ...watching, metadata: { ...watching.metadata, name: "beside" } };
    scenario.operator.replaceAutoscalers([resource, beside]);
    expect((await toldDuring(scenario, 10)).every((busy) => busy.length > 0)).toBe(true);
  });

  test("are those at work also where nobody can be chosen, and a scale-in there names no victims", async () => {
    const scenario = await startedScenario({ serviceSeconds: 40, spec });
    scenario.fleet.namesReplicas = true;
    Object.assign(scenario.world, { brokerTellsUnacked: true, brokerTellsHolders: true });
    scenario.world.publish(6);
    await scenario.walk(30);
    expect(scenario.world.busyReplicas.length).toBeGreaterThan(0);
    expect(new Set(scenario.fleet.protections.at(-1))).toEqual(new Set(scenario.world.busyReplicas));
    await scenario.walk(200);
    expect(scenario.desired).toBe(0);
    expect(scenario.fleet.changes.filter(({ victims }) => victims !== undefined)).toEqual([]);
    expect(scenario.fleet.protections.at(-1)).toEqual([]);
  });

  test("are left alone by an operator that lost the lease while it looked", async () => {
    const lease = new MemoryLease({ isHeld: true });
    const scenario = await startedScenario({ spec: { mode: "DryRun" }, lease });
    scenario.world.onBrokerRead = () => (lease.isHeld = false);
    expect(await toldDuring(scenario, 2)).toEqual([]);
  });
});

import { expect, test } from "vitest";
import { startedScenario } from "../../test/fakes/operator-scenario.ts";
import { MemoryLease } from "../../test/fakes/memory-lease.ts";
import { viewOf } from "./autoscaler-view.ts";
import { explanationOf } from "./explanation.ts";

test("the operator says since when the workers' metrics are old, and takes it back", async () => {
  const scenario = await startedScenario();
  await scenario.walk(4);
  const told = new Date(scenario.clock.nowMs).toISOString().replace(".000", "");
  scenario.world.workers = "away";
  await scenario.walk(30);
  expect(scenario.operator.notes()).toEqual([]);
  await scenario.walk(2);
  expect(scenario.operator.notes()).toEqual([
    `The workers' metrics have not been read in full since ${told}: answers 503.`,
  ]);
  scenario.world.workers = "answers";
  await scenario.walk(2);
  expect(scenario.operator.notes()).toEqual([]);
});

test("the fast path, which asks for a part only, takes nothing back", async () => {
  const scenario = await startedScenario();
  await scenario.walk(4);
  const told = new Date(scenario.clock.nowMs).toISOString().replace(".000", "");
  for (let passed = 0; passed < 40; passed += 2) {
    scenario.world.broker = "away";
    await scenario.walk(2);
    scenario.world.broker = "answers";
    await scenario.operator.fastLook();
  }
  expect(scenario.operator.notes()).toEqual([
    `The queues have not been read in full since ${told}: connection refused.`,
  ]);
});

test("workers that were never seen are no news, as perhaps none has run yet", async () => {
  const scenario = await startedScenario();
  scenario.world.workers = "unseen";
  await scenario.walk(60);
  expect(scenario.operator.notes()).toEqual([]);
});

test("one that follows says nothing of what it was told while it led", async () => {
  const lease = new MemoryLease({ isHeld: true });
  const scenario = await startedScenario({ lease });
  await scenario.walk(4);
  scenario.world.workers = "away";
  await scenario.walk(40);
  expect(scenario.operator.notes()).toHaveLength(1);
  lease.isHeld = false;
  await scenario.walk(2);
  expect(scenario.operator.notes()).toEqual([]);
});

test("what the fleet says of the target is told although no replica is missing, and taken back", async () => {
  const scenario = await startedScenario();
  const explained = ({ fromStatus }: { readonly fromStatus: boolean }) => {
    const [autoscaler] = scenario.operator.autoscalers;
    if (autoscaler === undefined) throw new Error("no autoscaler");
    const { metadata, spec, status, ...told } = viewOf(autoscaler, ["Of the operator."]);
    const view = { metadata, spec, status, ...(!fromStatus && told) };
    return explanationOf(view, { last: 1, nowMs: scenario.clock.nowMs });
  };
  scenario.fleet.notice = "pod a carries a cost that something else wrote";
  await scenario.walk(2);
  const said = "Pod a carries a cost that something else wrote.";
  expect(scenario.condition("Ready")).toMatchObject({
    status: "True",
    message: `The target and every queue are known. ${said}`,
  });
  expect(explained({ fromStatus: false })).toContain(`\n  Of the operator.\n  ${said}\n`);
  expect(explained({ fromStatus: true })).toContain(said);
  scenario.fleet.overlay = { uncreated: 1 };
  await scenario.walk(2);
  expect(scenario.condition("CapacityBlocked")?.message).toContain(said);
  expect(explained({ fromStatus: false }).split(said)).toHaveLength(2);
  scenario.fleet.overlay = {};
  scenario.fleet.notice = undefined;
  await scenario.walk(2);
  expect(scenario.condition("Ready")?.message).toBe("The target and every queue are known.");
  expect(explained({ fromStatus: false })).not.toContain(said);
});

test("that nobody can tell how the promise is kept comes with the cause and the remedy", async () => {
  const scenario = await startedScenario();
  scenario.world.workers = "away";
  scenario.world.publish(5);
  await scenario.walk(60);
  expect(scenario.condition("SignalsFresh")?.status).toBe("True");
  expect(scenario.condition("ObjectiveMet")).toMatchObject({
    status: "Unknown",
    reason: "NotMeasured",
    message: "The share of jobs that started in time is not known. Answers 503.",
  });
  scenario.world.workers = "answers";
  scenario.world.publish(5);
  await scenario.walk(60);
  expect(scenario.condition("ObjectiveMet")?.message).not.toContain("503");
});

test.each([
  [
    "without Prometheus",
    { withWorkers: false },
    "No Prometheus is configured; give the operator its address.",
  ],
  ["with a Prometheus that has seen no worker", {}, "No worker was seen."],
])("%s the promise is not measured, and the status says why", async (_title, options, cause) => {
  const scenario = await startedScenario(options);
  scenario.world.workers = "unseen";
  await scenario.walk(4);
  const [autoscaler] = scenario.operator.autoscalers;
  if (autoscaler === undefined) throw new Error("no autoscaler");
  const { metadata, spec, status } = viewOf(autoscaler);
  expect(scenario.condition("ObjectiveMet")?.message).toContain(`is not known. ${cause}`);
  expect(explanationOf({ metadata, spec, status }, { last: 1, nowMs: 0 })).toContain(cause);
});

import { describe, expect, onTestFinished, test } from "vitest";
import { MemoryJournal } from "../../test/fakes/memory-journal.ts";
import { MemoryLease } from "../../test/fakes/memory-lease.ts";
import { scenarioTarget, startedScenario, type ScenarioOptions } from "../../test/fakes/operator-scenario.ts";

async function withLease({ isHeld = true, ...options }: ScenarioOptions & { isHeld?: boolean } = {}) {
  const lease = new MemoryLease({ isHeld });
  const journal = new MemoryJournal();
  return { lease, journal, scenario: await startedScenario({ lease, journal, ...options }) };
}

describe("a follower", () => {
  test("reads, decides, changes and writes nothing", async () => {
    const { scenario, journal } = await withLease({ isHeld: false });
    scenario.world.publish(100);
    await scenario.walk(20);
    await scenario.watchIdle(2);
    expect(scenario.fleet.changes).toEqual([]);
    expect(journal.entries).toEqual([]);
    expect([scenario.world.brokerReads, scenario.world.workerReads]).toEqual([0, 0]);
  });

  test("whose leader is overdue looks at everything, so that all is warm, and still decides nothing", async () => {
    const { scenario, lease, journal } = await withLease({ isHeld: false });
    lease.isOverdue = true;
    scenario.world.publish(100);
    await scenario.walk(4);
    expect([scenario.world.brokerReads, scenario.world.workerReads]).toEqual([2, 2]);
    expect(scenario.fleet.observations).toBe(2);
    expect(scenario.fleet.changes).toEqual([]);
    expect(journal.entries).toEqual([]);
    expect(await scenario.metric(/autoscaler="|queue="/)).toBeUndefined();
  });

  test("that gains the lease acts at once, not at its next cycle", async () => {
    const { scenario, lease } = await withLease({ isHeld: false, operator: { cycleSeconds: 60 } });
    await scenario.operator.start();
    onTestFinished(() => scenario.operator.stop());
    scenario.world.publish(100);
    const changed = scenario.fleet.nextChange();
    lease.gain();
    expect(await changed).toMatchObject({ from: 0 });
  });

  test("exports no series of an autoscaler, also none from the time when it led", async () => {
    const { scenario, lease } = await withLease();
    scenario.world.publish(100);
    await scenario.walk(4);
    expect(await scenario.metric(/^millrace_scale_events_total\{/)).toMatch(/ 1$/);
    expect(await scenario.metric(/^millrace_operator_leader/)).toMatch(/ 1$/);
    lease.isHeld = false;
    expect(await scenario.metric(/autoscaler="|queue="/)).toBeUndefined();
    expect(await scenario.metric(/^millrace_operator_leader/)).toMatch(/ 0$/);
  });
});

describe("the lease", () => {
  test("is read again before the patch: lost while the sources were read, it is not made", async () => {
    const { scenario, lease, journal } = await withLease();
    await scenario.walk(2);
    const told = journal.entries.length;
    scenario.world.publish(100);
    const cycle = scenario.operator.cycle();
    lease.isHeld = false;
    await cycle;
    expect(scenario.fleet.changes).toEqual([]);
    expect(journal.entries.length).toBe(told);
  });

  test("gained: the state comes from the journal, as the other operator left it", async () => {
    const { scenario: first, journal } = await withLease({ spec: { replicas: { min: 1, max: 10 } } });
    await first.walk(4);
    first.fleet.setByHand(scenarioTarget, 0);
    await first.walk(4);

    const lease = new MemoryLease({ isHeld: false });
    const second = await startedScenario({ lease, journal, spec: { replicas: { min: 1, max: 10 } } });
    await second.walk(4);
    lease.isHeld = true;
    await second.walk(20);
    expect(second.condition("Paused")?.reason).toBe("ZeroByHand");
    expect(second.desired).toBe(0);
  });

  test("gained by one who knew something else before: what was known is dropped for what was saved", async () => {
    const { scenario, lease, journal } = await withLease({ spec: { replicas: { min: 1, max: 10 } } });
    await scenario.walk(4);
    lease.isHeld = false;
    await scenario.walk(4);
    const [resource] = scenario.resources;
    const saved = resource && journal.saved(resource);
    if (resource === undefined || saved === undefined) throw new Error("nothing was saved");
    // The other one scaled to 5.
    journal.report({
      resource,
      view: journal.entries[0]?.view ?? expect.fail(),
      saved: { ...saved, count: { ...saved.count, expected: 5 } },
    });
    scenario.fleet.setByHand(scenarioTarget, 5);
    lease.isHeld = true;
    await scenario.walk(2);
    expect(journal.saved(resource)?.count).toMatchObject({
      expected: 5,
      foreignWritesMs: [],
      raisedUntilMs: 0,
    });
  });

  test("lost and gained again, with a scale-in due: the count stays until two samples agree", async () => {
    const { scenario, lease } = await withLease({ spec: { scaleIn: { holdSeconds: 0 } } });
    scenario.world.publish(60);
    await scenario.walk(6);
    const raised = scenario.desired;
    expect(raised).toBeGreaterThan(1);
    lease.isHeld = false;
    await scenario.walk(60);
    expect(scenario.world.backlog).toBe(0);
    lease.isHeld = true;
    await scenario.walk(2);
    expect(scenario.desired).toBe(raised);
    await scenario.walk(900);
    expect(scenario.desired).toBe(0);
  });
});

describe("the journal", () => {
  test("hears of every autoscaler after every look, also of one whose target is not known", async () => {
    const { scenario, journal } = await withLease();
    await scenario.walk(2);
    scenario.fleet.unknownBecause = "the API server does not answer";
    await scenario.walk(2);
    expect(journal.entries.length).toBe(2);
    const ready = journal.entries[1]?.view.status.conditions.find(({ type }) => type === "Ready");
    expect(ready).toMatchObject({ status: "False", reason: "TargetUnknown" });
  });

  test("hears of a decision once, from the fast path too, with the reason that the log has", async () => {
    const { scenario, journal } = await withLease();
    await scenario.walk(2);
    scenario.world.publish(1);
    await scenario.operator.fastLook();
    await scenario.walk(4);
    const told = journal.entries.flatMap(({ decision }) =>
      decision?.outcome === "scaled" ? [decision] : [],
    );
    const logged = scenario.logger.lines.filter(({ message }) => message === "scaled workers");
    expect(told.map(({ reason }) => reason)).toEqual(logged.map(({ fields }) => fields["reason"]));
    expect(told.length).toBe(1);
  });

  test("gives a new operator the decisions of the last one", async () => {
    const { scenario, journal } = await withLease();
    scenario.world.publish(60);
    await scenario.walk(4);
    const next = await startedScenario({ journal });
    expect(next.operator.autoscalers[0]?.decisions.changes(10).map(({ to }) => to)).toEqual([
      scenario.desired,
    ]);
  });
});

describe("the account", () => {
  test("of one is told as soon as it has acted, while others still act", async () => {
    const { scenario, journal } = await withLease();
    const [first] = scenario.resources;
    if (first === undefined) throw new Error("no resource");
    const scaleTargetRef = { ...first.spec.scaleTargetRef, name: "elsewhere" };
    const other = {
      ...first,
      metadata: { ...first.metadata, name: "other" },
      spec: { ...first.spec, scaleTargetRef },
    };
    scenario.operator.replaceAutoscalers([first, other]);
    scenario.world.publish(20);
    scenario.fleet.isMute = true;
    await scenario.walk(2);
    expect(journal.entries.map(({ resource }) => resource.metadata.name)).toEqual(["other", "images"]);
  });

  test("of a change that was made and not answered: first it failed, and once it is seen it was made", async () => {
    const { scenario, journal } = await withLease({ startupSeconds: 10 });
    await scenario.walk(2);
    scenario.world.publish(20);
    scenario.fleet.isMute = true;
    await scenario.walk(2);
    scenario.fleet.isMute = false;
    await scenario.walk(4);
    const [change] = scenario.fleet.changes;
    const told = journal.entries.flatMap(({ decision }) => (decision?.kind === "scale" ? [decision] : []));
    expect(told).toMatchObject([
      { from: 0, to: change?.to, outcome: "failed", problem: expect.stringContaining("no answer") },
      { from: 0, to: change?.to, outcome: "scaled" },
    ]);
    expect(told[1]).not.toHaveProperty("problem");
    expect(scenario.logger.lines.filter(({ message }) => message === "scaled workers")).toHaveLength(1);
    expect(await scenario.metric(/^millrace_scale_events_total\{/)).toMatch(/ 1$/);
    expect(scenario.fleet.changes).toHaveLength(1);
  });
});

import { describe, expect, test } from "vitest";
import { autoscalerResource, scenarioTarget, startedScenario } from "../../test/fakes/operator-scenario.ts";

const keda = { kind: "ScaledObject", name: "image-worker", remedy: "Pause it, or delete it." };

describe("a target that something else scales", () => {
  test("is not changed, and the condition names the other with the remedy", async () => {
    const scenario = await startedScenario();
    scenario.fleet.owner = keda;
    scenario.world.publish(100);
    await scenario.walk(20);
    await scenario.watchIdle(2);
    expect(scenario.fleet.changes).toEqual([]);
    expect(scenario.condition("TargetConflict")).toMatchObject({
      status: "True",
      reason: "OwnedByOther",
      message:
        "ScaledObject image-worker scales ProcessPool workers; this autoscaler changes nothing. Pause it, or delete it.",
    });
    expect(scenario.condition("Ready")).toMatchObject({ status: "False", reason: "OwnedByOther" });
  });

  test("whatever the other writes is no edit by hand: afterwards the operator acts at once", async () => {
    const scenario = await startedScenario({ spec: { replicas: { min: 1, max: 10 } } });
    scenario.fleet.owner = keda;
    for (const replicas of [3, 5, 0, 4, 0]) {
      scenario.fleet.setByHand(scenarioTarget, replicas);
      await scenario.walk(4);
    }
    expect(scenario.condition("Paused")?.status).toBe("False");
    scenario.fleet.owner = undefined;
    scenario.world.publish(100);
    await scenario.walk(2);
    expect(scenario.desired).toBeGreaterThan(1);
    expect(scenario.condition("TargetConflict")?.status).toBe("False");
  });

  test("DryRun works beside it: decides and reports, and is no conflict", async () => {
    const scenario = await startedScenario({ spec: { mode: "DryRun" } });
    scenario.fleet.owner = keda;
    scenario.world.publish(100);
    await scenario.walk(20);
    expect(scenario.fleet.changes).toEqual([]);
    expect(scenario.logger.lines.some(({ message }) => message === "would scale workers")).toBe(true);
    expect(scenario.condition("Ready")?.status).toBe("True");
    expect(scenario.condition("TargetConflict")).toMatchObject({
      status: "False",
      reason: "BesideOther",
      message: expect.stringContaining("ScaledObject image-worker"),
    });
  });
});

describe("two autoscalers on one target", () => {
  const named = (name: string, creationTimestamp: string, spec: object = {}) => {
    const resource = autoscalerResource(spec);
    return { ...resource, metadata: { ...resource.metadata, name, creationTimestamp } };
  };
  const elder = named("zebra", "2026-07-01T00:00:00Z");
  const younger = named("ant", "2026-07-02T00:00:00Z", { replicas: { min: 7, max: 9 } });

  async function scenarioWith(...resources: readonly ReturnType<typeof named>[]) {
    const scenario = await startedScenario();
    scenario.operator.replaceAutoscalers(resources);
    await scenario.walk(4);
    return scenario;
  }
  const conflictOf = (scenario: Awaited<ReturnType<typeof scenarioWith>>, name: string) =>
    scenario.operator.autoscalers
      .find(({ resource }) => resource.metadata.name === name)
      ?.conditions.find(({ type }) => type === "TargetConflict");

  test("the older one keeps it, the younger names it", async () => {
    const scenario = await scenarioWith(younger, elder);
    expect(scenario.desired).toBe(0);
    expect(conflictOf(scenario, "zebra")?.status).toBe("False");
    expect(conflictOf(scenario, "ant")).toMatchObject({
      status: "True",
      reason: "OwnedByOther",
      message: expect.stringContaining("WorkerAutoscaler zebra scales ProcessPool workers"),
    });
  });

  test("of the same age, the one whose name comes first keeps it", async () => {
    const scenario = await scenarioWith(
      elder,
      named("ant", "2026-07-01T00:00:00Z", { replicas: { min: 7, max: 9 } }),
    );
    expect(scenario.desired).toBe(7);
  });

  test("when the older one goes, the younger takes over without a restart", async () => {
    const scenario = await scenarioWith(younger, elder);
    scenario.operator.replaceAutoscalers([younger]);
    await scenario.walk(2);
    expect(scenario.desired).toBe(7);
    expect(conflictOf(scenario, "ant")?.status).toBe("False");
  });

  test("an older one that may not use its broker, and so never acts, is in nobody's way, and is told who scales", async () => {
    const refused = named("zebra", "2026-07-01T00:00:00Z", { broker: "nobody" });
    const scenario = await startedScenario({ brokers: new Map([["default", {}]]) });
    scenario.operator.replaceAutoscalers([younger, refused]);
    await scenario.walk(4);
    expect(scenario.desired).toBe(7);
    expect(conflictOf(scenario, "ant")?.status).toBe("False");
    expect(conflictOf(scenario, "zebra")).toMatchObject({
      status: "True",
      message: expect.stringContaining("WorkerAutoscaler ant scales ProcessPool workers"),
    });
  });

  test("an older one that becomes unreadable keeps its target, and the younger says what to correct", async () => {
    const scenario = await scenarioWith(younger, elder);
    const claim = { name: "zebra", target: scenarioTarget, creationTimestamp: "2026-07-01T00:00:00Z" };
    scenario.operator.replaceAutoscalers([younger], [claim]);
    await scenario.walk(20);
    expect(scenario.desired).toBe(0);
    expect(conflictOf(scenario, "ant")).toMatchObject({
      status: "True",
      message: expect.stringContaining(
        "zebra cannot be read at the moment, so the replicas stay as they are: correct what its condition Ready names, or delete it.",
      ),
    });
    scenario.operator.replaceAutoscalers([younger], []);
    await scenario.walk(2);
    expect(scenario.desired).toBe(7);
  });

  test("a younger one that cannot be read takes nothing from the older", async () => {
    const scenario = await startedScenario();
    const claim = { name: "zebra", target: scenarioTarget, creationTimestamp: "2026-07-03T00:00:00Z" };
    scenario.operator.replaceAutoscalers([younger], [claim]);
    await scenario.walk(4);
    expect(scenario.desired).toBe(7);
  });

  test("on one queue say so with the remedy, which clears it: with one in DryRun nothing is shared", async () => {
    const sharedOf = (scenario: Awaited<ReturnType<typeof scenarioWith>>) =>
      scenario.operator.autoscalers.map(({ resource, conditions }) => {
        const shared = conditions.find(({ type }) => type === "QueueShared");
        return `${resource.metadata.name} ${shared?.status} ${shared?.reason}`;
      });
    const scenario = await scenarioWith(younger, elder);
    expect(sharedOf(scenario)).toEqual(["ant True Shared", "zebra True Shared"]);
    const watching = { ...younger, spec: { ...younger.spec, mode: "DryRun" as const } };
    scenario.operator.replaceAutoscalers([watching, elder]);
    await scenario.walk(2);
    expect(sharedOf(scenario)).toEqual(["ant False BesideOther", "zebra False NotShared"]);
  });

  test("when the older one is edited to DryRun, it is in nobody's way", async () => {
    const scenario = await scenarioWith(younger, elder);
    scenario.operator.replaceAutoscalers([younger, { ...elder, spec: { ...elder.spec, mode: "DryRun" } }]);
    await scenario.walk(2);
    expect(scenario.desired).toBe(7);
    expect(conflictOf(scenario, "zebra")).toMatchObject({ status: "False", reason: "BesideOther" });
  });
});

test("an edit of anything but the spec keeps the very same autoscaler; one made anew is another", async () => {
  const scenario = await startedScenario();
  const [before] = scenario.operator.autoscalers;
  const resource = autoscalerResource({}, { "millrace.dev/paused": "true" });
  scenario.operator.replaceAutoscalers([{ ...resource, status: { replicas: {} } }]);
  expect(scenario.operator.autoscalers[0]).toBe(before);
  expect(before?.resource.metadata.annotations).toEqual({ "millrace.dev/paused": "true" });
  scenario.operator.replaceAutoscalers([{ ...resource, metadata: { ...resource.metadata, uid: "another" } }]);
  expect(scenario.operator.autoscalers[0]).not.toBe(before);
});

import { describe, expect, test } from "vitest";
import { autoscalerResource, scenarioTarget, startedScenario } from "../../test/fakes/operator-scenario.ts";

describe("a person's word", () => {
  test("paused: the count stays, whatever comes", async () => {
    const scenario = await startedScenario({ annotations: { "millrace.dev/paused": "true" } });
    scenario.world.publish(100);
    await scenario.walk(60);
    expect(scenario.fleet.changes).toEqual([]);
    expect(await scenario.metric(/^millrace_autoscaler_paused/)).toMatch(/ 1$/);
  });

  test("paused-replicas: the count becomes that number, in one change", async () => {
    const scenario = await startedScenario({ annotations: { "millrace.dev/paused-replicas": "3" } });
    await scenario.walk(20);
    expect(scenario.fleet.changes.map(({ from, to }) => [from, to])).toEqual([[0, 3]]);
  });

  test("paused-scale-out: nothing is added; paused-scale-in: nothing is taken", async () => {
    const scenario = await startedScenario({ annotations: { "millrace.dev/paused-scale-out": "true" } });
    scenario.world.publish(100);
    await scenario.walk(20);
    expect(scenario.desired).toBe(0);
    scenario.replaceResource({}, { "millrace.dev/paused-scale-in": "true" });
    await scenario.walk(20);
    const raised = scenario.desired;
    expect(raised).toBeGreaterThan(0);
    await scenario.walk(600);
    expect(scenario.desired).toBeGreaterThanOrEqual(raised);
  });

  test("a pause that is lifted lets the operator go on with what it knows", async () => {
    const scenario = await startedScenario({ annotations: { "millrace.dev/paused": "true" } });
    scenario.world.publish(100);
    await scenario.walk(10);
    scenario.replaceResource({});
    await scenario.walk(4);
    expect(scenario.desired).toBeGreaterThan(0);
  });

  for (const pause of [{ paused: "true" }, { "paused-replicas": "4" }, { "paused-scale-in": "true" }]) {
    test(`${Object.keys(pause).join()}: what a person held stays for the hold when the pause is lifted`, async () => {
      const annotations = Object.fromEntries(
        Object.entries(pause).map(([name, value]) => [`millrace.dev/${name}`, value]),
      );
      const spec = { scaleIn: { holdSeconds: 30, toZeroAfterSeconds: 1 } };
      const scenario = await startedScenario({ annotations, spec });
      scenario.fleet.setByHand(scenarioTarget, 4);
      await scenario.walk(60);
      scenario.replaceResource(spec);
      await scenario.walk(28);
      expect(scenario.desired).toBe(4);
      await scenario.walk(20);
      expect(scenario.desired).toBe(0);
    });
  }

  test("nor is it shorter than the broker's statistics are old, as jobs begun meanwhile must be seen", async () => {
    const spec = { scaleIn: { holdSeconds: 6, toZeroAfterSeconds: 6 } };
    const annotations = { "millrace.dev/paused-replicas": "4" };
    const scenario = await startedScenario({ annotations, spec, withWorkers: false });
    scenario.world.brokerTellsUnacked = true;
    scenario.world.brokerAgeSeconds = 10;
    scenario.world.publish(20);
    await scenario.walk(120);
    scenario.replaceResource(spec);
    await scenario.walk(10);
    expect(scenario.desired).toBe(4);
    await scenario.walk(20);
    expect(scenario.desired).toBe(0);
  });

  test("paused: edits by hand are the person's right, and when the pause is lifted the operator acts at once", async () => {
    const scenario = await startedScenario({ annotations: { "millrace.dev/paused": "true" } });
    await scenario.walk(2);
    for (const replicas of [3, 5, 2]) {
      scenario.fleet.setByHand(scenarioTarget, replicas);
      await scenario.walk(20);
    }
    expect(scenario.condition("TargetConflict")?.status).toBe("False");
    scenario.world.publish(500);
    await scenario.walk(4);
    expect(scenario.desired).toBe(2);
    scenario.replaceResource({});
    await scenario.walk(2);
    expect(scenario.desired).toBeGreaterThan(2);
  });

  for (const pause of [{ paused: "true" }, { "paused-replicas": "3" }]) {
    test(`${Object.keys(pause).join()}: a 0 set by hand meanwhile holds nothing when the pause is lifted`, async () => {
      const annotations = Object.fromEntries(
        Object.entries(pause).map(([name, value]) => [`millrace.dev/${name}`, value]),
      );
      const spec = { replicas: { min: 1, max: 10 } };
      const scenario = await startedScenario({ annotations, spec });
      scenario.fleet.setByHand(scenarioTarget, 4);
      await scenario.walk(4);
      scenario.fleet.setByHand(scenarioTarget, 0);
      await scenario.walk(4);
      scenario.world.publish(500);
      scenario.replaceResource(spec);
      await scenario.walk(4);
      expect(scenario.condition("Paused")?.status).toBe("False");
      expect(scenario.desired).toBe(10);
    });
  }

  test("paused-replicas: whoever keeps writing another number is another writer", async () => {
    const scenario = await startedScenario({ annotations: { "millrace.dev/paused-replicas": "3" } });
    await scenario.walk(4);
    for (const replicas of [4, 5, 6]) {
      scenario.fleet.setByHand(scenarioTarget, replicas);
      await scenario.walk(4);
    }
    expect(scenario.desired).toBe(6);
    expect(scenario.condition("TargetConflict")).toMatchObject({ status: "True", reason: "OtherWriter" });
  });

  test("DryRun decides and reports, and changes nothing", async () => {
    const scenario = await startedScenario({ spec: { mode: "DryRun" } });
    scenario.world.publish(100);
    await scenario.walk(60);
    await scenario.operator.fastLook();
    expect(scenario.fleet.changes).toEqual([]);
    expect(
      scenario.logger.lines.some(
        ({ message, fields }) => message === "would scale workers" && Number(fields["to"]) > 0,
      ),
    ).toBe(true);
  });

  test("zero by hand with min 1 is a pause, until the count is raised by hand", async () => {
    const scenario = await startedScenario({ spec: { replicas: { min: 1, max: 10 } } });
    await scenario.walk(10);
    expect(scenario.desired).toBe(1);
    scenario.fleet.setByHand(scenarioTarget, 0);
    scenario.world.publish(100);
    await scenario.walk(60);
    await scenario.operator.fastLook();
    expect(scenario.desired).toBe(0);
    expect(await scenario.metric(/^millrace_autoscaler_condition\{.*type="Paused"/)).toContain(
      'status="true"',
    );
    scenario.fleet.setByHand(scenarioTarget, 1);
    await scenario.walk(4);
    expect(scenario.desired).toBeGreaterThan(1);
  });

  test("a count raised by hand stays for the hold", async () => {
    const scenario = await startedScenario({ spec: { scaleIn: { holdSeconds: 120 } } });
    await scenario.walk(4);
    scenario.fleet.setByHand(scenarioTarget, 4);
    await scenario.walk(110);
    expect(scenario.desired).toBe(4);
  });

  test("another writer that keeps writing is left alone for a while, and named", async () => {
    const scenario = await startedScenario({ spec: { replicas: { min: 2, max: 10 } } });
    for (const replicas of [3, 4, 5]) {
      await scenario.walk(4);
      scenario.fleet.setByHand(scenarioTarget, replicas);
    }
    await scenario.walk(2);
    const changes = scenario.fleet.changes.length;
    scenario.world.publish(200);
    await scenario.walk(60);
    expect(scenario.fleet.changes.length).toBe(changes);
    expect(
      scenario.logger.lines.some(
        ({ fields }) => fields["problem"] === "something else keeps writing the count",
      ),
    ).toBe(true);
    expect(await scenario.metric(/^millrace_autoscaler_condition\{.*type="TargetConflict"/)).toContain(
      'status="true"',
    );
    await scenario.walk(300);
    expect(scenario.fleet.changes.length).toBeGreaterThan(changes);
  });

  test("a schedule asks for its replicas while it runs", async () => {
    // The clock of the scenario starts at 12:00 UTC.
    const schedules = [{ name: "soon", start: "5 12 * * *", durationSeconds: 600, minReplicas: 4 }];
    const scenario = await startedScenario({ spec: { schedules } });
    await scenario.walk(290);
    expect(scenario.desired).toBe(0);
    await scenario.walk(20);
    expect(scenario.desired).toBe(4);
  });

  test("a floor asks for its replicas, and one that is unknown asks for none", async () => {
    const floors = new Map<string, number>();
    const scenario = await startedScenario({
      spec: { floor: { promql: "lag" } },
      floors: { read: () => Promise.resolve({ values: floors, problems: new Map() }) },
    });
    await scenario.walk(10);
    expect(scenario.desired).toBe(0);
    floors.set("lag", 2.1);
    await scenario.walk(4);
    expect(scenario.desired).toBe(3);
  });
});

describe("a restart", () => {
  test("brings the count back and changes none by itself", async () => {
    const before = await startedScenario();
    before.world.publish(60);
    await before.walk(4);
    const count = before.desired;
    expect(count).toBeGreaterThan(1);

    const after = await startedScenario({ state: before.state });
    expect(after.fleet.restored).toEqual([count]);
    await after.walk(4);
    expect(after.fleet.changes).toEqual([]);
    expect(after.desired).toBe(count);
  });

  test("does not forget why the count was changed", async () => {
    const before = await startedScenario();
    before.world.publish(60);
    await before.walk(4);
    const after = await startedScenario({ state: before.state });
    const saved = after.state.state["default/images"]?.decisions ?? [];
    expect(saved.some(({ outcome, to }) => outcome === "scaled" && to === before.desired)).toBe(true);
    await after.walk(2);
    await after.operator.stop();
    expect(after.state.state["default/images"]?.decisions).toEqual(expect.arrayContaining(saved.slice(0, 1)));
  });

  test("a zero by hand is still a pause afterwards", async () => {
    const before = await startedScenario({ spec: { replicas: { min: 1, max: 10 } } });
    await before.walk(4);
    before.fleet.setByHand(scenarioTarget, 0);
    await before.walk(40);
    await before.operator.stop();
    const after = await startedScenario({ spec: { replicas: { min: 1, max: 10 } }, state: before.state });
    await after.walk(10);
    expect(after.desired).toBe(0);
  });

  test("a count that cannot be brought back is no edit by hand: min holds", async () => {
    const before = await startedScenario({ spec: { replicas: { min: 1, max: 10 } } });
    await before.walk(4);
    const after = await startedScenario({
      spec: { replicas: { min: 1, max: 10 } },
      state: before.state,
      canRestore: false,
    });
    await after.walk(10);
    expect(after.desired).toBe(1);
  });
});

test("two operators in one process do not know of each other", async () => {
  const [one, other] = [
    await startedScenario(),
    await startedScenario({ spec: { replicas: { min: 2, max: 3 } } }),
  ];
  one.world.publish(100);
  await Promise.all([one.walk(10), other.walk(10)]);
  expect(one.desired).toBeGreaterThan(3);
  expect(other.desired).toBe(2);
});

test("an autoscaler that now scales something else starts without the old count", async () => {
  const scenario = await startedScenario();
  scenario.world.publish(30);
  await scenario.walk(4);
  const { metadata, spec } = autoscalerResource();
  scenario.operator.replaceAutoscalers([
    {
      ...autoscalerResource(),
      metadata,
      spec: { ...spec, scaleTargetRef: { ...spec.scaleTargetRef, name: "others" } },
    },
  ]);
  await scenario.walk(4);
  expect(scenario.logger.lines.some(({ level }) => level === "error")).toBe(false);
});

import { describe, expect, test } from "vitest";
import { scenarioTarget, startedScenario, type ScenarioOptions } from "../../test/fakes/operator-scenario.ts";

const one = { objective: { waitSeconds: 15 }, replicas: { min: 1, max: 200 }, expectedServiceSeconds: 0.3 };

/** One idle replica, as the last cycle found it. */
async function idle(options: ScenarioOptions = {}) {
  const scenario = await startedScenario({
    startupSeconds: 10,
    ...options,
    spec: { ...one, ...options.spec },
  });
  scenario.fleet.setByHand(scenarioTarget, 1);
  await scenario.walk(40);
  expect(scenario.ready).toBe(1);
  return scenario;
}

describe("jobs for an idle replica", () => {
  for (const withWorkers of [true, false]) {
    test(`are answered by the fast path ${withWorkers ? "with" : "without"} the workers' figures: first patch within 1 s, last within 2.5 s`, async () => {
      for (const publishSeconds of [0.1, 1]) {
        for (const phaseSeconds of [0, 0.4, 1.3]) {
          const scenario = await idle({ withWorkers });
          const patches: (readonly [number, number])[] = [];
          let sent = 0;
          for (let tick = 1; tick <= 60; tick++) {
            const seconds = tick / 10 - phaseSeconds;
            const due = Math.round(1_000 * Math.min(1, Math.max(0, seconds / publishSeconds)));
            scenario.world.publish(due - sent);
            sent = due;
            scenario.world.advance(0.1);
            const before = scenario.fleet.changes.length;
            if (tick % 20 === 0) await scenario.operator.cycle();
            if (tick % 5 === 4) await scenario.operator.fastLook();
            for (const { to } of scenario.fleet.changes.slice(before)) patches.push([seconds, to]);
          }
          const told = JSON.stringify({ publishSeconds, phaseSeconds, patches });
          expect(patches[0]?.[0], told).toBeLessThanOrEqual(1);
          expect(patches.at(-1)?.[0], told).toBeLessThanOrEqual(2.5);
          expect(scenario.desired, told).toBeGreaterThan(20);
        }
      }
    });
  }

  test("cost the broker one question each look, and Prometheus none", async () => {
    const scenario = await idle();
    const { brokerReads, workerReads } = scenario.world;
    await scenario.operator.fastLook();
    await scenario.operator.fastLook();
    expect([scenario.world.brokerReads, scenario.world.workerReads]).toEqual([brokerReads + 2, workerReads]);
    expect(scenario.desired).toBe(1);
  });

  test("are not looked for again and again once they wait: the cycles see them", async () => {
    const scenario = await idle({ spec: { replicas: { min: 1, max: 1 } } });
    scenario.world.publish(500);
    await scenario.operator.fastLook();
    await scenario.walk(6);
    const { brokerReads } = scenario.world;
    await scenario.operator.fastLook();
    expect(scenario.world.brokerReads).toBe(brokerReads);
  });
});

describe("the fast path leaves alone", () => {
  const dry = { spec: { mode: "DryRun" } };
  const paused = { annotations: { "millrace.dev/paused": "true" } };
  test.each([
    ["dry runs", dry],
    ["paused ones", paused],
  ])("%s", async (_what, options) => {
    const scenario = await idle(options);
    const { brokerReads } = scenario.world;
    scenario.world.publish(1_000);
    await scenario.operator.fastLook();
    expect(scenario.world.brokerReads).toBe(brokerReads);
    expect(scenario.desired).toBe(1);
  });

  test("what could be removed: a removal waits for the cycle, which asks the workers too", async () => {
    const scenario = await idle();
    scenario.world.publish(1_000);
    await scenario.operator.fastLook();
    const raised = scenario.desired;
    for (let second = 0; second < 120 && scenario.desired >= raised; second++) {
      const before = scenario.desired;
      scenario.world.advance(1.5);
      scenario.world.publish(1);
      await scenario.operator.fastLook();
      expect(scenario.desired).toBeGreaterThanOrEqual(before);
      scenario.world.advance(0.5);
      await scenario.operator.cycle();
    }
    expect(scenario.desired).toBeLessThan(raised);
  });
});

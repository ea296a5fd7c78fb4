import { describe, expect, test } from "vitest";
import { startedScenario } from "../../test/fakes/operator-scenario.ts";

type Patch = { readonly seconds: number; readonly to: number };

/**
 * 1,000 jobs from idle, seen through the broker alone, with the operator's own periods: a cycle every two seconds, the
 * fast path every half. `phaseSeconds`: how long after a cycle the first job comes.
 */
async function burst(publishSeconds: number, phaseSeconds: number, expectedServiceSeconds?: number) {
  const scenario = await startedScenario({
    withWorkers: false,
    startupSeconds: 10,
    spec: {
      objective: { waitSeconds: 15 },
      replicas: { min: 0, max: 200 },
      ...(expectedServiceSeconds !== undefined && { expectedServiceSeconds }),
    },
  });
  scenario.world.brokerTellsUnacked = true;
  await scenario.walk(10);
  const patches: Patch[] = [];
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
    for (const { to } of scenario.fleet.changes.slice(before)) patches.push({ seconds, to });
  }
  return patches;
}

describe("a burst of 1,000 jobs at zero replicas", () => {
  for (const expectedServiceSeconds of [undefined, 0.1, 0.3]) {
    test(`has its first patch within 1 s and its last within 2.5 s, in at most two (service time ${expectedServiceSeconds ?? "not told"})`, async () => {
      for (const publishSeconds of [0.1, 1]) {
        for (const phaseSeconds of [0, 0.4, 1.3]) {
          const patches = await burst(publishSeconds, phaseSeconds, expectedServiceSeconds);
          const told = JSON.stringify({ publishSeconds, phaseSeconds, patches });
          expect(patches[0]?.seconds, told).toBeLessThanOrEqual(1);
          expect(patches.at(-1)?.seconds, told).toBeLessThanOrEqual(2.5);
          expect(patches.length, told).toBeLessThanOrEqual(2);
        }
      }
    });
  }

  test("ends at the same count, whether its first look saw all of it or a twentieth", async () => {
    const [whole, part] = [await burst(0.1, 0, 0.3), await burst(1, 1.3, 0.3)];
    expect([whole.length, part.length]).toEqual([1, 2]);
    const [first, second] = [whole.at(-1)?.to ?? 0, part.at(-1)?.to ?? 0];
    expect(Math.abs(first - second)).toBeLessThan(0.15 * first);
  });
});

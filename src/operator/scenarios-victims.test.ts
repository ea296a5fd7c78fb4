import { describe, expect, test, vi } from "vitest";
import { type ScenarioOptions, startedScenario } from "../../test/fakes/operator-scenario.ts";

// Nothing here waits: it computes, and a machine may be busy with other work.
vi.setConfig({ testTimeout: 60_000 });

/** Jobs longer than the grace period of 30 s, and a fleet that is told whom to remove. */
async function longJobs(options: ScenarioOptions = {}) {
  const scenario = await startedScenario({
    serviceSeconds: 40,
    ...options,
    spec: {
      objective: { waitSeconds: 30 },
      expectedServiceSeconds: 40,
      scaleIn: { holdSeconds: 0, toZeroAfterSeconds: 0 },
      ...options.spec,
    },
  });
  scenario.fleet.takesVictims = true;
  scenario.world.brokerTellsUnacked = true;
  return scenario;
}

/** Walks in steps of a cycle, and counts the removed replicas that had a job. */
async function interruptedDuring(scenario: Awaited<ReturnType<typeof longJobs>>, seconds: number) {
  let interrupted = 0;
  for (let passed = 0; passed < seconds; passed += 2) {
    scenario.world.advance(2);
    const removedBefore = scenario.fleet.removed.length;
    const busy = new Set(scenario.world.busyReplicas);
    await scenario.operator.cycle();
    interrupted += scenario.fleet.removed.slice(removedBefore).filter((id) => busy.has(id)).length;
  }
  return interrupted;
}

async function busyThenFew(options: ScenarioOptions = {}) {
  const scenario = await longJobs(options);
  scenario.world.publish(6);
  await scenario.walk(30);
  expect(scenario.ready).toBeGreaterThan(1);
  return scenario;
}

describe("scale-in while long jobs run", () => {
  for (const [title, tell] of [
    ["the broker tells which address holds messages", "brokerTellsHolders"],
    ["the workers' series carry pod names", "workersTellReplicas"],
  ] as const) {
    test(`removes idle replicas only, as ${title}`, async () => {
      const scenario = await busyThenFew({ withWorkers: tell === "workersTellReplicas" });
      scenario.world[tell] = true;
      for (let round = 0; round < 20; round++) {
        scenario.world.publish(1 + (round % 3));
        expect(await interruptedDuring(scenario, 60)).toBe(0);
      }
      expect(scenario.fleet.removed.length).toBeGreaterThan(0);
      const scaledIn = scenario.fleet.changes.filter(({ from, to }) => to < from);
      for (const { from, to, victims } of scaledIn) expect(victims?.length).toBeGreaterThanOrEqual(from - to);
    });
  }

  test.each([
    { scrapeSeconds: 5, withBroker: true },
    { scrapeSeconds: 15, withBroker: true },
    { scrapeSeconds: 15, withBroker: false },
  ])(
    "removes idle replicas only, as the workers tell it every $scrapeSeconds s (broker: $withBroker)",
    async (one) => {
      const { scrapeSeconds, withBroker } = one;
      const scenario = await busyThenFew({ withBroker });
      scenario.world.workersTellReplicas = true;
      scenario.world.scrapeSeconds = scrapeSeconds;
      let interrupted = 0;
      for (let step = 0; step < 900; step++) {
        // From one job in 4 s to none in 40 s, and back.
        const everySteps = 2 + Math.round(9 * (1 + Math.sin(step / 40)));
        if (step % everySteps === 0) scenario.world.publish(1);
        interrupted += await interruptedDuring(scenario, 2);
      }
      expect(scenario.fleet.removed.length).toBeGreaterThan(20);
      expect(interrupted).toBe(0);
    },
  );

  test("waits until nothing is unacked where nobody can tell the replicas apart", async () => {
    const scenario = await busyThenFew({ withWorkers: false });
    for (let round = 0; round < 20; round++) {
      scenario.world.publish(1);
      await scenario.walk(30);
    }
    expect(scenario.world.busyReplicas.length).toBeGreaterThan(0);
    expect(scenario.fleet.removed).toEqual([]);
    await scenario.walk(600);
    expect(scenario.desired).toBe(0);
  });
});

test("replicas at work on long jobs are named to the fleet for protection, idle ones are not", async () => {
  const scenario = await longJobs({ withWorkers: false });
  scenario.world.brokerTellsHolders = true;
  scenario.world.publish(6);
  await scenario.walk(30);
  const busy = new Set(scenario.world.busyReplicas);
  expect(busy.size).toBeGreaterThan(0);
  expect(new Set(scenario.fleet.protections.at(-1))).toEqual(busy);
  await scenario.walk(120);
  expect(scenario.fleet.protections.at(-1)).toEqual([]);
});

test("the broker is asked who holds what only where the workers do not tell it, and only while there are replicas", async () => {
  const wanted: (readonly string[])[] = [];
  const scenario = await longJobs();
  scenario.world.onBrokerRead = ({ holdersOf }) => wanted.push([...(holdersOf ?? [])]);
  await scenario.walk(4);
  expect(wanted.at(-1)).toEqual([]);
  scenario.world.publish(6);
  await scenario.walk(10);
  expect(wanted.at(-1)).toEqual(["default"]);
  scenario.world.workersTellReplicas = true;
  await scenario.walk(4);
  expect(wanted.at(-1)).toEqual([]);
});

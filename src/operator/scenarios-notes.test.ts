import { expect, test } from "vitest";
import { startedScenario } from "../../test/fakes/operator-scenario.ts";
import { MemoryLease } from "../../test/fakes/memory-lease.ts";

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

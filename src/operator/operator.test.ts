import { expect, test } from "vitest";
import { startedScenario } from "../../test/fakes/operator-scenario.ts";

test("walks a backlog up and down: jobs come, replicas follow, and at the end none is left", async () => {
  const scenario = await startedScenario();
  await scenario.walk(4);
  expect(scenario.desired).toBe(0);
  scenario.world.publish(30);
  await scenario.walk(4);
  expect(scenario.desired).toBeGreaterThanOrEqual(3);
  await scenario.walk(600);
  expect(scenario.world.finished).toBe(30);
  expect(scenario.desired).toBe(0);
});

import { expect, test } from "vitest";
import { startedScenario } from "../../test/fakes/operator-scenario.ts";

test.each([
  ["RabbitMQ's default where the autoscaler says none", {}, "1800"],
  ["the autoscaler's own", { ackTimeoutSeconds: 7_200 }, "7200"],
])("the acknowledgement timeout is %s", async (_which, more, seconds) => {
  const scenario = await startedScenario({ spec: { objective: { waitSeconds: 15, ...more } } });
  const line = await scenario.metric(/^millrace_objective_ack_timeout_seconds/);
  expect(line?.split(" ").at(-1)).toBe(seconds);
});

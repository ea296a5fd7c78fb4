import { expect, test } from "vitest";
import { runDemo, summaryOf } from "../support/run-demo.ts";

const minutes = 60_000;

test("the demo works through Prometheus alone, with one worker at least", {
  timeout: 4 * minutes,
}, async () => {
  const demo = runDemo("--seconds", "40", "--json", "--no-fast-path", "--min", "1");
  expect(await demo.ended, demo.output()).toBe(0);
  const summary = summaryOf(demo);
  expect(summary, demo.output()).toMatchObject({ lost: 0, interruptedByScaleIn: 0, replicasFinal: 1 });
  expect(summary.replicasMax).toBeGreaterThanOrEqual(4);
});

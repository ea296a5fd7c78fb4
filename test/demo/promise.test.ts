import { expect, test } from "vitest";
import { leftBehind } from "../support/left-behind.ts";
import { placeOf, runDemo, summaryOf } from "../support/run-demo.ts";

const minutes = 60_000;

test("the demo keeps its promise and loses nothing, from zero and back to zero", {
  timeout: 4 * minutes,
}, async () => {
  const demo = runDemo("--seconds", "90", "--json");
  const place = await placeOf(demo);
  expect(await demo.ended, demo.output()).toBe(0);
  const summary = summaryOf(demo);
  expect(summary, demo.output()).toMatchObject({ lost: 0, interruptedByScaleIn: 0, replicasFinal: 0 });
  expect(summary.attainmentRatio, demo.output()).toBeGreaterThanOrEqual(0.95);
  expect(summary.replicasMax).toBeGreaterThanOrEqual(4);
  expect(summary.accepted).toBeGreaterThan(300);
  expect(leftBehind(place)).toEqual({ listening: [], processes: [], folder: false });
});

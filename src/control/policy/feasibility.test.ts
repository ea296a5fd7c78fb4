import { expect, test } from "vitest";
import { feasibilityOf, withPeak } from "./feasibility.ts";

const evidence = {
  startupSeconds: 30,
  waitSeconds: 4,
  serviceSeconds: 1,
  attainmentRatio: 0.95,
  peakLoad: 8,
  slots: 2,
  started: 100,
  late: 40,
  limited: false,
};

test("a start-up within the wait is feasible, an unknown one unknown", () => {
  expect(feasibilityOf({ ...evidence, startupSeconds: 4 })).toEqual({ kind: "feasible" });
  expect(feasibilityOf({ ...evidence, startupSeconds: undefined })).toEqual({ kind: "unknown" });
});

test("too few jobs tell nothing, a fifth of them late is borne, and a cap downstream is another matter", () => {
  expect(feasibilityOf({ ...evidence, started: 19 })).toEqual({ kind: "unknown" });
  expect(feasibilityOf({ ...evidence, late: 20 })).toEqual({ kind: "feasible" });
  expect(feasibilityOf({ ...evidence, limited: true })).toEqual({ kind: "feasible" });
});

test("more than a fifth late says how many warm replicas would do: 8 erlangs at 5 % over 4 s are 9 slots, 5 replicas", () => {
  expect(feasibilityOf(evidence)).toEqual({
    kind: "infeasible",
    warmReplicasNeeded: 5,
    because: "A start-up takes 30.0 s, the promise is 4 s, and 40 % of the jobs started late.",
  });
});

test("the peak is the largest load, forgotten over six hours", () => {
  expect(withPeak(5, 9, 2)).toBe(9);
  expect(withPeak(5, 0, 21_600)).toBeCloseTo(5 / Math.E, 3);
});

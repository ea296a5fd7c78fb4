import fc from "fast-check";
import { expect, test } from "vitest";
import { retryStep, stepAtLeast } from "./retry-step.ts";

const steps = [1_000, 5_000, 30_000];

test("the middle of the dice takes the attempt's own step, and the last one for all later", () => {
  expect([1, 2, 3, 4, 9].map((attempt) => retryStep(steps, attempt, 0.5))).toEqual([
    1_000, 5_000, 30_000, 30_000, 30_000,
  ]);
});

test("a quarter of the retries takes the step before, a quarter the step after", () => {
  expect(retryStep(steps, 2, 0.1)).toBe(1_000);
  expect(retryStep(steps, 2, 0.249)).toBe(1_000);
  expect(retryStep(steps, 2, 0.25)).toBe(5_000);
  expect(retryStep(steps, 2, 0.75)).toBe(30_000);
});

test("every answer is a step", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1, max: 50 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, random) => {
        expect(steps).toContain(retryStep(steps, attempt, random));
      },
    ),
  );
});

test("a wanted delay is rounded up to a step, and the longest stands for all beyond", () => {
  expect([0, 1_000, 1_001, 30_001].map((ms) => stepAtLeast(steps, ms))).toEqual([
    1_000, 1_000, 5_000, 30_000,
  ]);
});

test("no steps is an error of the program", () => {
  expect(() => retryStep([], 1, 0.5)).toThrow(RangeError);
});

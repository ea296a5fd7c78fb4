import { expect, test } from "vitest";
import { normal, normalDensity } from "./normal.ts";

test("the distribution function agrees with the tables to six decimals", () => {
  expect(normal(0)).toBeCloseTo(0.5, 6);
  expect(normal(1)).toBeCloseTo(0.841345, 6);
  expect(normal(-1.96)).toBeCloseTo(0.024998, 6);
  expect(normal(3)).toBeCloseTo(0.99865, 6);
});

test("the density is 0.3989 in the middle, and both end in 0 and 1", () => {
  expect(normalDensity(0)).toBeCloseTo(0.398942, 6);
  expect(normalDensity(1)).toBeCloseTo(0.241971, 6);
  expect([normal(99), normal(-99), normalDensity(99)]).toEqual([1, 0, 0]);
});

import { expect, test } from "vitest";
import { startupForHold, startupOf, withStartup } from "./startup.ts";

const quantiles = (p50: number, p95: number, count = 3) => ({ p50, p95, count });

test("nothing told counts as 10 s, 95 % under 20 s", () => {
  expect(startupOf(withStartup(null, undefined))).toEqual({ p50: 10, p95: 20, assumed: true });
});

test("the consecutive parts add up, and a part that is not told adds nothing", () => {
  const both = { schedulingSeconds: quantiles(2, 6), readySeconds: quantiles(8, 14) };
  expect(withStartup(null, both)).toEqual({ p50: 10, p95: 20, told: true });
  expect(withStartup(null, { readySeconds: quantiles(1, 0.5) })).toEqual({ p50: 1, p95: 1, told: true });
});

test("nonsense, no observation or only the scheduling leaves the memory as it was", () => {
  const before = { p50: 3, p95: 4, told: true };
  expect(withStartup(before, { readySeconds: quantiles(1, 2, 0) })).toBe(before);
  expect(withStartup(before, { readySeconds: quantiles(Number.NaN, 2) })).toBe(before);
  expect(withStartup(before, { schedulingSeconds: quantiles(1, 2) })).toBe(before);
});

test("what is only remembered does not make a hold shorter than the prior would", () => {
  expect(startupForHold(null)).toBe(10);
  expect(startupForHold({ p50: 1, p95: 2, told: true })).toBe(1);
  expect(startupForHold({ p50: 1, p95: 2, told: false })).toBe(10);
  expect(startupForHold({ p50: 30, p95: 40, told: false })).toBe(30);
});

import { expect, test } from "vitest";
import { clamp, plausible, rounded, usableAge } from "./plausible.ts";

test("a figure from 0 to 1e12 is taken, anything else is unknown", () => {
  expect([0, 0.5, 1e12].map(plausible)).toEqual([0, 0.5, 1e12]);
  const nonsense = [undefined, Number.NaN, -1, Number.POSITIVE_INFINITY, 1e13];
  expect(nonsense.map(plausible)).toEqual(nonsense.map(() => undefined));
  expect(Object.is(plausible(-0), 0)).toBe(true);
});

test("an age counts as 0 down to -5 s and as unknown beyond that, beyond the limit, or as NaN", () => {
  expect(usableAge(3, 30)).toBe(3);
  expect(usableAge(-5, 30)).toBe(0);
  expect(usableAge(30, 30)).toBe(30);
  for (const age of [-5.1, 30.1, Number.NaN]) expect(usableAge(age, 30)).toBeUndefined();
});

test("rounding never leaves -0, NaN or infinity behind", () => {
  expect(rounded(1.23456, 100)).toBe(1.23);
  expect(Object.is(rounded(-0.001, 100), 0)).toBe(true);
  expect(rounded(Number.NaN, 10)).toBe(0);
  expect(rounded(Number.POSITIVE_INFINITY, 10)).toBe(0);
});

test("clamping takes what is no number to the lower end", () => {
  expect([-1, 2, 9, Number.NaN].map((value) => clamp(value, 0, 5))).toEqual([0, 2, 5, 0]);
});

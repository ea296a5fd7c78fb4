import { expect, test } from "vitest";
import { createRateCap } from "./rate-cap.ts";

test("gives a second's worth at once, and then what time brings", () => {
  const cap = createRateCap(10);
  expect(cap.take(8, 0)).toBe(8);
  expect(cap.take(8, 0)).toBe(2);
  expect(cap.take(8, 500)).toBe(5);
  expect(cap.take(100, 60_000)).toBe(10);
});

test("a clock that steps back gives nothing", () => {
  const cap = createRateCap(10);
  cap.take(10, 1_000);
  expect(cap.take(1, 0)).toBe(0);
});

import { expect, test } from "vitest";
import { type DispersionMemory, dispersionOf, newDispersion, withArrivals } from "./dispersion.ts";

const after = (bins: readonly number[]): DispersionMemory => {
  let total = 0;
  let memory = newDispersion(0, 0);
  for (const [i, count] of bins.entries()) {
    total += count;
    memory = withArrivals(memory, (i + 1) * 10, total);
  }
  return memory;
};

test("it is 1 until two bins were seen", () => {
  expect(dispersionOf(newDispersion(0, 0))).toBe(1);
  expect(dispersionOf(after([50]))).toBe(1);
});

test("two bins of 10 and 30: a squared difference of 400 is clipped at 9 x 41, and the prior weighs four bins", () => {
  expect(dispersionOf(after([10, 30]))).toBeCloseTo((369 + 160) / (40 + 160), 6);
});

test("even arrivals stay at 1, clumps of ten rise towards ten", () => {
  expect(dispersionOf(after(Array.from({ length: 60 }, () => 20)))).toBe(1);
  const clumps = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 0 : 10));
  expect(dispersionOf(after(clumps))).toBeGreaterThan(8);
});

test("nothing changes before ten seconds have passed, and a gap starts afresh", () => {
  const memory = after([10]);
  expect(withArrivals(memory, 19, 99)).toBe(memory);
  expect(withArrivals(memory, 60, 500)).toMatchObject({ previous: null, weight: 0 });
});

import { expect, test } from "vitest";
import { arrivalRate } from "./arrival-rate.ts";
import type { History } from "./history.ts";

const history = (seconds: number, rate: (t: number) => number): History => {
  const times: number[] = [];
  const values: number[] = [];
  let total = 0;
  for (let t = 0; t <= seconds; t += 1) {
    times.push(t);
    values.push(total);
    total += rate(t);
  }
  return { times, values };
};

test("nothing is known before a second of history", () => {
  expect(arrivalRate({ times: [], values: [] }, 1)).toBeUndefined();
  expect(arrivalRate({ times: [5, 5.9], values: [0, 9] }, 1)).toBeUndefined();
});

test("a history shorter than the first window counts as empty before: 6 jobs in 2.5 s, variance (6 + 1)/6.25", () => {
  expect(arrivalRate({ times: [0, 2], values: [0, 6] }, 1)).toEqual({
    perSecond: 2.4,
    windowSeconds: 2.5,
    variance: 1.12,
  });
});

test("a steady rate is taken over the longest window", () => {
  expect(
    arrivalRate(
      history(400, () => 4),
      1,
    ),
  ).toMatchObject({ perSecond: 4, windowSeconds: 300 });
});

test("after a step the windows that reach before it are left out", () => {
  const rate = arrivalRate(
    history(300, (t) => (t < 280 ? 2 : 20)),
    1,
  );
  expect(rate?.windowSeconds).toBeLessThanOrEqual(20.5);
  expect(rate?.perSecond).toBeGreaterThan(18);
});

test("where arrivals come in clumps a longer window is believed", () => {
  const step = history(300, (t) => (t < 290 ? 2 : 6));
  const even = arrivalRate(step, 1)?.windowSeconds ?? 0;
  expect(arrivalRate(step, 30)?.windowSeconds ?? 0).toBeGreaterThan(even);
});

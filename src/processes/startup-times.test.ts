import { expect, test } from "vitest";
import { createStartupTimes } from "./startup-times.ts";

test("knows nothing before the first start-up", () => {
  expect(createStartupTimes().quantiles()).toBeUndefined();
});

test("gives nearest-rank quantiles", () => {
  const times = createStartupTimes();
  for (let second = 20; second >= 1; second--) times.add(second);
  expect(times.quantiles()).toEqual({ p50: 10, p95: 19, count: 20 });
});

test("forgets all but the last fifty", () => {
  const times = createStartupTimes();
  for (let i = 0; i < 50; i++) times.add(100);
  for (let i = 0; i < 50; i++) times.add(1);
  expect(times.quantiles()).toEqual({ p50: 1, p95: 1, count: 50 });
});

import { describe, expect, test } from "vitest";
import { ListWatchTiming } from "./list-watch-timing.ts";

const timing = (random: number, nowMs = 0) =>
  new ListWatchTiming({ random: () => random, nowMs: () => nowMs, firstWaitMs: 100, longestWaitMs: 3_000 });

describe("the wait after a failure", () => {
  test("doubles up to a bound, spread by a fifth", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => timing(1).waitMs(failures, undefined))).toEqual([
      100, 200, 400, 800, 1_600, 3_000, 3_000, 3_000,
    ]);
    expect(timing(0).waitMs(6, undefined)).toBeCloseTo(2_400);
  });

  test("is what the server asked for where that is longer, within the bound", () => {
    expect(timing(1).waitMs(1, 2)).toBe(2_000);
    expect(timing(1).waitMs(1, 3_600)).toBe(3_000);
    expect(timing(1).waitMs(6, 1)).toBe(3_000);
  });

  test("ends early with the signal", async () => {
    const stop = new AbortController();
    const waited = timing(1).wait(60_000, stop.signal);
    stop.abort();
    await waited;
    await timing(1).wait(60_000, stop.signal);
  });
});

test("a watch is asked for in whole seconds, and ends about when the next list is due", () => {
  expect(timing(1).watchSeconds(10_000_000)).toBe(300);
  expect(timing(0).watchSeconds(10_000_000)).toBe(240);
  expect(timing(1).watchSeconds(61_500)).toBe(62);
  expect(timing(1).watchSeconds(-5)).toBe(2);
  expect(timing(0, 1_000).nextListAtMs()).toBe(481_000);
});

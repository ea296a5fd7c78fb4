import { describe, expect, test } from "vitest";
import { appended, emptyHistory, type History, timeOf, valueAt } from "./history.ts";

const bounds = { longestSeconds: 300, most: 80 };
const line: History = { times: [0, 10, 20], values: [0, 5, 25] };

describe("the value at a time", () => {
  test("is interpolated, and constant beyond the ends", () => {
    expect([-5, 0, 4, 15, 20, 99].map((t) => valueAt(line, t))).toEqual([0, 0, 2, 15, 25, 25]);
    expect(valueAt(emptyHistory, 1)).toBe(0);
  });
});

describe("the time of a value", () => {
  test("is the last at which the total was not above it", () => {
    expect(timeOf(line, 15)).toBe(15);
    expect(timeOf(line, 25)).toBe(20);
    expect(timeOf({ times: [0, 10, 20], values: [3, 3, 8] }, 3)).toBe(10);
    expect(timeOf(line, -1)).toBeUndefined();
  });
});

describe("appending", () => {
  test("a point at the time of the newest replaces it", () => {
    expect(appended(line, 20, 30, bounds)).toEqual({ times: [0, 10, 20], values: [0, 5, 30] });
  });

  test("a total that falls takes the earlier guesses down with it", () => {
    expect(appended(line, 30, 20, bounds).values).toEqual([0, 5, 20, 20]);
  });

  test("twenty minutes of steps stay within the bound, reach back far enough and keep their totals", () => {
    for (const cycle of [0.5, 2]) {
      let history = emptyHistory;
      for (let t = 0; t <= 1200; t += cycle) history = appended(history, t, t * 3, bounds);
      expect(history.times.length).toBeLessThanOrEqual(80);
      expect(history.times[0]).toBeLessThanOrEqual(1200 - 250);
      for (const back of [5, 60, 240])
        expect(valueAt(history, 1200 - back)).toBeCloseTo((1200 - back) * 3, 6);
    }
  });

  test("the bound holds even for steps too close to be thinned", () => {
    let history = emptyHistory;
    for (let t = 0; t < 40; t += 0.5) history = appended(history, t, t, { longestSeconds: 300, most: 5 });
    expect(history.times.length).toBeLessThanOrEqual(5);
  });
});

import { describe, expect, test } from "vitest";
import type { History } from "./history.ts";
import { valueAt } from "./history.ts";
import { withoutLump } from "./lump.ts";

const loose = { waitSeconds: 30, startupSeconds: 10 };

/** A look every `every` seconds for a minute; `came` = jobs since the start at a time. */
const looks = (every: number, came: (t: number) => number): History => {
  const times = Array.from({ length: Math.round(60 / every) + 1 }, (_look, i) => i * every);
  return { times, values: times.map(came) };
};
const cameLately = (history: History): number => (history.values.at(-1) ?? 0) - valueAt(history, 50);

describe("jobs that came at once", () => {
  test("are left out, whether the last look saw them or the one before", () => {
    for (const at of [59.6, 59.1, 58.1]) {
      const history = looks(0.5, (t) => (t >= at ? 60 : 0));
      expect(cameLately(withoutLump(history, loose)), String(at)).toBe(0);
    }
  });

  test("are left out where looks are two seconds apart, or a fast one followed a slow one", () => {
    expect(
      cameLately(
        withoutLump(
          looks(2, (t) => (t > 58 ? 60 : 0)),
          loose,
        ),
      ),
    ).toBe(0);
    expect(cameLately(withoutLump({ times: [0, 56, 58, 58.5], values: [0, 0, 0, 60] }, loose))).toBe(0);
  });

  test("on a steady load leave the load", () => {
    const history = looks(0.5, (t) => 2 * t + (t > 59 ? 60 : 0));
    expect(cameLately(withoutLump(history, loose))).toBeCloseTo(20, 0);
  });

  test("never make the total fall along the way", () => {
    const { values } = withoutLump(
      looks(0.5, (t) => 2 * t + (t > 58.6 ? 60 : 0)),
      loose,
    );
    expect(values.every((value, i) => value >= (values[i - 1] ?? 0))).toBe(true);
  });
});

describe("what is a rate", () => {
  test("a step counts in full when it was seen in a second stretch of 2.5 s", () => {
    const history = looks(0.5, (t) => 24 * Math.max(0, t - 55));
    expect(withoutLump(history, loose)).toBe(history);
    expect(
      cameLately(
        withoutLump(
          looks(0.5, (t) => 24 * Math.max(0, t - 57.5)),
          loose,
        ),
      ),
    ).toBe(0);
  });

  test("chance is no lump: 4 jobs where none came before are within 2 sqrt(4 + 1) = 4.5, 5 are more than 2 sqrt(5 + 1) = 4.9", () => {
    expect(
      cameLately(
        withoutLump(
          looks(0.5, (t) => (t > 59 ? 4 : 0)),
          loose,
        ),
      ),
    ).toBe(4);
    expect(
      cameLately(
        withoutLump(
          looks(0.5, (t) => (t > 59 ? 5 : 0)),
          loose,
        ),
      ),
    ).toBe(0);
  });

  test("a lump that is older than two stretches and the shortest window is left to the rate windows", () => {
    const history = looks(0.5, (t) => (t > 52 ? 60 : 0));
    expect(withoutLump(history, loose)).toBe(history);
  });

  test("a promise without time for a second look takes every job for the rate at once", () => {
    const history = looks(2, (t) => (t > 58 ? 60 : 0));
    expect(withoutLump(history, { waitSeconds: 5, startupSeconds: 10 })).toBe(history);
    expect(withoutLump(history, { waitSeconds: 17.9, startupSeconds: 10 })).toBe(history);
    expect(withoutLump(history, { waitSeconds: 18, startupSeconds: 10 })).not.toBe(history);
  });

  test("nothing and one point are what they are", () => {
    for (const history of [
      { times: [], values: [] },
      { times: [1], values: [7] },
    ]) {
      expect(withoutLump(history, loose)).toBe(history);
    }
  });
});

import { describe, expect, test } from "vitest";
import type { Point } from "./contract.ts";
import { pointBytes } from "./point-ring.ts";
import { SeriesMemory } from "./series-memory.ts";

/** A multiple of the coarse step, so that a coarse point begins here. */
const begin = 1_800_000_000;

const pointAt = (time: number, figures: Partial<Point> = {}): Point => ({
  time,
  backlog: 0,
  arrivalsPerSecond: null,
  desired: 1,
  ready: 1,
  waitSeconds: null,
  objectiveSeconds: 5,
  ...figures,
});

const isAscending = (times: readonly number[]): boolean =>
  times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0));

describe("the series of an autoscaler", () => {
  test("tells each look as it was, what is not known included", () => {
    const memory = new SeriesMemory();
    memory.record("a/b", pointAt(begin, { backlog: 16_777_215, arrivalsPerSecond: 0.1, waitSeconds: 1.25 }));
    memory.record("a/b", pointAt(begin + 2, { backlog: null, desired: null, ready: null }));
    expect(memory.series("a/b")).toEqual({
      times: [begin, begin + 2],
      backlog: [16_777_215, null],
      arrivalsPerSecond: [0.1, null],
      desired: [1, null],
      ready: [1, null],
      waitSeconds: [1.25, null],
      objectiveSeconds: [5, 5],
    });
  });

  test("takes a look once, and none from before the last", () => {
    const memory = new SeriesMemory();
    memory.record("a/b", pointAt(begin + 5, { backlog: 1 }));
    memory.record("a/b", pointAt(begin + 5, { backlog: 2 }));
    memory.record("a/b", pointAt(begin + 1, { backlog: 3 }));
    expect(memory.series("a/b")).toMatchObject({ times: [begin + 5], backlog: [1] });
  });

  test("keeps ten minutes of looks and four hours of coarse points, however long it goes on", () => {
    const memory = new SeriesMemory();
    for (let second = 0; second < 20_000; second++) memory.record("a/b", pointAt(begin + second));
    const { times, backlog } = memory.series("a/b");
    expect(times.length).toBe(backlog.length);
    expect(times.length).toBeLessThanOrEqual(96 + 600);
    expect(isAscending(times)).toBe(true);
    expect(times.slice(-600)).toEqual(Array.from({ length: 600 }, (_none, index) => begin + 19_400 + index));
    expect(begin + 20_000 - (times[0] ?? 0)).toBeGreaterThan(3.9 * 3_600);
  });

  test("tells of a coarse point the largest backlog and wait, the mean arrivals, and the last counts", () => {
    const memory = new SeriesMemory();
    memory.record("a/b", pointAt(begin, { backlog: 2, waitSeconds: 9, arrivalsPerSecond: 1, desired: 1 }));
    memory.record("a/b", pointAt(begin + 1, { backlog: 70, arrivalsPerSecond: 2, desired: 5 }));
    memory.record("a/b", pointAt(begin + 2, { backlog: null, arrivalsPerSecond: 6, desired: 4 }));
    memory.record("a/b", pointAt(begin + 3, { backlog: 1, waitSeconds: 2, desired: 3 }));
    for (let second = 0; second < 600; second++) memory.record("a/b", pointAt(begin + 300 + second));
    const { times, ...columns } = memory.series("a/b");
    expect(times.slice(0, 2)).toEqual([begin, begin + 300]);
    expect(columns).toMatchObject({ backlog: { 0: 70 }, waitSeconds: { 0: 9 }, desired: { 0: 3 } });
    expect(columns.arrivalsPerSecond[0]).toBeCloseTo(3, 5);
  });

  test("is empty for one that was never looked at", () => {
    expect(new SeriesMemory().series("a/b").times).toEqual([]);
  });
});

describe("the memory of all series", () => {
  const names = (count: number): readonly string[] =>
    Array.from({ length: count }, (_none, index) => `ns/autoscaler-${index}`);

  test("gives fine points to those beyond the two hundredth once somebody asks for them", () => {
    const memory = new SeriesMemory();
    const keys = names(300);
    const look = (time: number) => {
      for (const key of keys) memory.record(key, pointAt(time));
    };
    look(begin);
    look(begin + 2);
    expect(memory.series("ns/autoscaler-0").times).toEqual([begin, begin + 2]);
    expect(memory.series("ns/autoscaler-299").times).toEqual([begin]);
    look(begin + 150);
    look(begin + 152);
    expect(memory.series("ns/autoscaler-299").times).toEqual([begin, begin + 150, begin + 152]);
    // The one that was asked for least lately paid for it.
    expect(memory.series("ns/autoscaler-1").times).toEqual([begin, begin + 150]);
  });

  test("forgets those that are gone", () => {
    const memory = new SeriesMemory();
    for (const key of names(3)) memory.record(key, pointAt(begin));
    memory.keepOnly(new Set(["ns/autoscaler-1"]));
    expect(memory.series("ns/autoscaler-0").times).toEqual([]);
    expect(memory.series("ns/autoscaler-1").times).toEqual([begin]);
  });

  test("stays below 35 MB for 10,000 autoscalers, and takes no more for others beyond them", () => {
    const before = process.memoryUsage().arrayBuffers;
    const memory = new SeriesMemory();
    const keys = names(11_000);
    for (let look = 0; look < 3; look++) {
      for (const key of keys) memory.record(key, pointAt(begin + 150 * look));
    }
    const bytes = process.memoryUsage().arrayBuffers - before;
    expect(bytes).toBeLessThanOrEqual((10_000 * 96 + 200 * 600) * pointBytes);
    expect(bytes).toBeLessThan(35_000_000);
    expect(memory.series("ns/autoscaler-9999").times.length).toBe(3);
    expect(memory.series("ns/autoscaler-10999").times.length).toBe(0);
  });
});

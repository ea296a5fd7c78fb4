import { describe, expect, test } from "vitest";
import { type OracleCase, oracle } from "./oracle.ts";

const base = { waitSeconds: 5, attainmentRatio: 0.95, warmSlots: 0, maxSlots: 1, reactionSeconds: 1 };

/** `count` jobs that come together at `atSeconds`. */
const together = (count: number, serviceSeconds: number, atSeconds = 0): OracleCase["jobs"] =>
  Array.from({ length: count }, () => ({ atSeconds, serviceSeconds }));

/** One job every `everySeconds`, from 0. */
const steady = (count: number, everySeconds: number, serviceSeconds: number): OracleCase["jobs"] =>
  Array.from({ length: count }, (_, index) => ({ atSeconds: index * everySeconds, serviceSeconds }));

/** Every answer here was worked out by hand; the working stands beside it. */
describe("the oracle", () => {
  test("nothing to do is feasible", () => {
    expect(oracle({ ...base, jobs: [] })).toEqual({ feasible: true, attainmentRatio: 1 });
  });

  test("one job from zero waits for the reaction only", () => {
    // starts at 1 s, 1 <= 5
    expect(oracle({ ...base, jobs: together(1, 10) })).toEqual({ feasible: true, attainmentRatio: 1 });
  });

  test("a reaction longer than the wait makes the first jobs late", () => {
    // one job a second, 6 s until the slot is there: starts at 6, 7, 8, ... each waits 6 s; all 10 late
    expect(oracle({ ...base, reactionSeconds: 6, jobs: steady(10, 1, 1) })).toEqual({
      feasible: false,
      attainmentRatio: 0,
    });
  });

  test("a warm slot takes the first job at once, and the queue behind it is what W allows", () => {
    // one slot of 1 s jobs, 10 together: starts at 0, 1, ..., 9; in time are 0 to 5, which is 6 of 10
    expect(oracle({ ...base, warmSlots: 1, reactionSeconds: 0, jobs: together(10, 1) })).toEqual({
      feasible: false,
      attainmentRatio: 0.6,
    });
  });

  test("two slots clear a burst that one cannot", () => {
    // the same 10 on two slots: starts at 0, 0, 1, 1, ..., 4, 4; all in time
    expect(oracle({ ...base, warmSlots: 2, maxSlots: 2, jobs: together(10, 1) })).toEqual({
      feasible: true,
      attainmentRatio: 1,
    });
  });

  test("a load above the maximum falls ever further behind", () => {
    // 2 jobs a second, one slot of 1 s jobs: job n (from 0) comes at n / 2 and starts at 1 + n, so it waits 1 + n / 2;
    // in time while n <= 8: 9 of 40
    expect(oracle({ ...base, jobs: steady(40, 0.5, 1) })).toEqual({
      feasible: false,
      attainmentRatio: 9 / 40,
    });
  });

  test("a steady load within the maximum is feasible from zero", () => {
    // one job a second, half a second each: job n comes at n; the first starts at 1, the second at 1.5, the third at 2, the
    // others when they come; no wait over 1 s
    expect(oracle({ ...base, jobs: steady(40, 1, 0.5) })).toEqual({ feasible: true, attainmentRatio: 1 });
  });

  test("a share of late jobs that the objective allows is feasible", () => {
    // 20 together on one warm slot of 0.3 s jobs: starts at 0, 0.3, ..., 5.7; late are 5.1, 5.4, 5.7: 17 of 20 in time.
    // At a ratio of 0.85 that is just enough, at 0.86 it is not.
    const jobs = together(20, 0.3);
    expect(oracle({ ...base, warmSlots: 1, attainmentRatio: 0.85, jobs })).toEqual({
      feasible: true,
      attainmentRatio: 0.85,
    });
    expect(oracle({ ...base, warmSlots: 1, attainmentRatio: 0.86, jobs })).toEqual({
      feasible: false,
      attainmentRatio: 0.85,
    });
  });

  test("ordered slots help a burst only once they are there", () => {
    // 8 jobs of 4 s together, 1 warm slot, 4 at most from 3 s on: starts 0, 3, 3, 3 then the first is free at 4, the three
    // others at 7: 4, 7, 7, 7; in time (<= 5): 0, 3, 3, 3, 4 = 5 of 8
    expect(oracle({ ...base, warmSlots: 1, maxSlots: 4, reactionSeconds: 3, jobs: together(8, 4) })).toEqual({
      feasible: false,
      attainmentRatio: 5 / 8,
    });
  });
});

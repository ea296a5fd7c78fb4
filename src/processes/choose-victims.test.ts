import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, chooseVictims } from "./choose-victims.ts";

const serving = (replica: string, running: number, oldestStartSeconds?: number): Candidate<string> => ({
  replica,
  createdAtMs: 0,
  phase: "serving",
  load: { running, ...(oldestStartSeconds === undefined ? {} : { oldestStartSeconds }) },
});
const names = (candidates: readonly Candidate<string>[], count: number): readonly string[] =>
  chooseVictims(candidates, count).map((victim) => victim.replica);

test("takes crash-looping, then the youngest starting, then idle, then busy, then silent replicas", () => {
  const candidates: Candidate<string>[] = [
    { replica: "silent", createdAtMs: 0, phase: "serving" },
    serving("busy", 1),
    serving("idle", 0),
    { replica: "starting-old", createdAtMs: 10, phase: "starting" },
    { replica: "starting-young", createdAtMs: 20, phase: "starting" },
    { replica: "failing", createdAtMs: 0, phase: "failing" },
  ];
  expect(names(candidates, 6)).toEqual([
    "failing",
    "starting-young",
    "starting-old",
    "idle",
    "busy",
    "silent",
  ]);
});

test("among busy replicas takes the one with the fewest jobs, then the one that began last", () => {
  const candidates = [serving("two", 2, 900), serving("early", 1, 100), serving("late", 1, 500)];
  expect(names(candidates, 2)).toEqual(["late", "early"]);
});

test("says why each one was chosen", () => {
  expect(chooseVictims([serving("a", 0), serving("b", 3)], 2).map((victim) => victim.because)).toEqual([
    "idle",
    "runs 3 jobs, no idle replica is left",
  ]);
});

test("never takes a busy replica while an idle one is left, and never more than asked", () => {
  const load = fc.array(fc.nat(3), { maxLength: 20 });
  fc.assert(
    fc.property(load, fc.nat(25), (running, count) => {
      const chosen = chooseVictims(
        running.map((jobs, index) => ({
          replica: { jobs, index },
          createdAtMs: index,
          phase: "serving" as const,
          load: { running: jobs },
        })),
        count,
      );
      expect(chosen).toHaveLength(Math.min(count, running.length));
      const idle = running.filter((jobs) => jobs === 0).length;
      expect(chosen.filter((victim) => victim.replica.jobs === 0)).toHaveLength(Math.min(idle, count));
    }),
  );
});

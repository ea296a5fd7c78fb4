import { describe, expect, test } from "vitest";
import type { Readings, Spec, Verdict } from "./contract.ts";
import { type ControlState, step } from "./step.ts";

/** A person wants replicas to go after a second without work. */
const SPEC: Spec = {
  objective: { waitSeconds: 10, attainmentRatio: 0.95 },
  replicas: { min: 0, max: 20 },
  scaleIn: { holdSeconds: 1, toZeroAfterSeconds: 1 },
  expectedServiceSeconds: 5,
};
/** Statistics of every fifth second, told five to ten seconds later; the ready count is of now. */
const INTERVAL_SECONDS = 5;

type Moment = { readonly ready: number; readonly unacked: number };

/** Three replicas of another's making; `at` says what is so at a time. Verdicts every two seconds, with their times. */
const watch = (
  at: (t: number) => Moment,
  { seconds, spec = () => SPEC }: { readonly seconds: number; readonly spec?: (t: number) => Spec },
): readonly (Verdict & { readonly t: number })[] => {
  let state: ControlState | undefined;
  const verdicts: (Verdict & { t: number })[] = [];
  for (let t = 0; t <= seconds; t += 2) {
    const toldAt = INTERVAL_SECONDS * Math.floor(t / INTERVAL_SECONDS) - INTERVAL_SECONDS;
    const { unacked } = at(Math.max(0, toldAt));
    const readings: Readings = {
      queues: [
        {
          id: "q",
          broker: {
            ageSeconds: t - toldAt,
            epoch: "b",
            ready: at(t).ready,
            unacked,
            consumers: 3,
            settled: 0,
          },
        },
      ],
      slotSharing: "shared",
      fleet: {
        desired: 3,
        ready: 3,
        draining: 0,
        starting: [],
        graceSeconds: 30,
        uncreated: 0,
        rollout: false,
      },
    };
    const { state: next, verdict } = step(spec(t), state, readings, t * 1_000);
    state = next;
    verdicts.push({ ...verdict, t });
  }
  return verdicts;
};
const removals = (verdicts: readonly (Verdict & { readonly t: number })[]) =>
  verdicts.filter(({ from, to }) => to < from).map(({ t }) => t);

describe("where only the broker's statistics tell what is in progress", () => {
  test("an empty queue of now and nothing in progress before it was emptied are no idleness", () => {
    // Idle at first; 20 jobs wait from second 30 until 40; then consumers hold them all, and never settle one.
    const waiting = (t: number): number => (t >= 30 && t < 40 ? 20 : 0);
    const verdicts = watch((t) => ({ ready: waiting(t), unacked: t < 40 ? 0 : 20 }), { seconds: 120 });
    expect(removals(verdicts).filter((t) => t >= 30)).toEqual([]);
    expect(removals(verdicts).length).toBeGreaterThan(0);
  });

  test("a hold of a second lasts as long as the statistics are late, and the explanation says so", () => {
    const verdicts = watch(() => ({ ready: 0, unacked: 0 }), { seconds: 60 });
    const [first = 0] = removals(verdicts);
    expect(first).toBeGreaterThanOrEqual(2 * INTERVAL_SECONDS);
    expect(first).toBeLessThanOrEqual(6 * INTERVAL_SECONDS);
    expect(verdicts.at(-1)?.explanation).toContain("holds last 9.00 s instead of 1.00 s");
  });

  test("what was idle under a pause is held anew when the pause ends", () => {
    const paused: Spec = { ...SPEC, paused: { replicas: 3 } };
    // Jobs are taken at once in second 40, the pause ends in second 42.
    const verdicts = watch((t) => ({ ready: 0, unacked: t < 40 ? 0 : 3 }), {
      seconds: 120,
      spec: (t) => (t < 42 ? paused : SPEC),
    });
    expect(removals(verdicts)).toEqual([]);
  });
});

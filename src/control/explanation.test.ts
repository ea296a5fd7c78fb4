import { describe, expect, test } from "vitest";
import { type Account, explain } from "./explanation.ts";
import { newLane, readLane } from "./policy/lane.ts";
import { laneWish } from "./policy/lane-wish.ts";
import { REASONS, type Reason } from "./reason.ts";
import { settingsOf } from "./settings.ts";
import { cleanFleet, cleanQueue } from "./signals/clean-readings.ts";

const startup = { p50: 10, p95: 20 };
const fleet = cleanFleet(
  { desired: 3, ready: 3, draining: 0, starting: [], uncreated: 1, rollout: false },
  0,
);
const queue = cleanQueue(
  { id: "q", broker: { ageSeconds: 0, epoch: "b", ready: 12, unacked: 3 } },
  { t: 0, staleAfterSeconds: 30, waitSeconds: 10 },
);
const view = readLane(newLane("*", 0), {
  t: 0,
  elapsed: 0,
  staleAfterSeconds: 30,
  bornAt: 0,
  queues: [queue],
  memories: new Map(),
  fleet,
  sharedSlots: true,
  startup,
  attainmentRatio: 0.95,
  slotsPerReplica: 1,
  expectedServiceSeconds: 2,
  mostPoints: 80,
});
const lane = laneWish(view, {
  fleet,
  startup,
  startupKnown: true,
  orderedAgo: 0,
  attainmentRatio: 0.95,
  t: 0,
});
const account = (reason: Reason, part: Partial<Account> = {}): Account => ({
  settings: settingsOf({
    objective: { waitSeconds: 10, attainmentRatio: 0.95 },
    replicas: { min: 1, max: 5 },
    scaleIn: { maxStep: 2 },
    schedules: [{ name: "day", active: true, minReplicas: 2 }],
    floor: { replicas: 2, because: "a lag" },
    fallback: { afterSeconds: 5, behavior: "Max" },
  }),
  proposal: { from: 3, to: 3, reason, limitedBy: [] },
  recommended: 7,
  fleet,
  lane,
  problem: undefined,
  holdSeconds: 60,
  latenessSeconds: 0,
  ...part,
});

describe("the sentence", () => {
  test.each(Object.keys(REASONS) as Reason[])(
    "for %s is one, with the numbers and without a hole",
    (reason) => {
      const sentence = explain(account(reason));
      expect(sentence).toMatch(
        /^Stays at 3, as [^.]+( of .*)?: 12 jobs waiting.*3 running on 3 ready of 3 replicas.*\.$/,
      );
      expect(sentence).not.toMatch(/undefined|NaN|null/);
    },
  );

  test("names both counts when it moves", () => {
    const proposal = { from: 3, to: 5, reason: "load", limitedBy: [] } as const;
    expect(explain(account("load", { proposal }))).toMatch(/^From 3 to 5, as the arriving work needs it/);
  });

  test("says what is missing, and manages without a lane", () => {
    const problem = "the ready count of queue q is not known";
    expect(explain(account("blind", { problem, lane: undefined }))).toBe(
      "Stays at 3, as nothing is known of the backlog: the ready count of queue q is not known: 3 ready of 3 replicas.",
    );
    expect(explain(account("signals-incomplete", { problem }))).toContain(problem);
  });

  test("says what limits it", () => {
    expect(explain(account("max"))).toContain("7 replicas are asked for, but max is 5");
    expect(explain(account("scale-in-hold", { recommended: 1 }))).toContain(
      "1 replica would do, but not for the hold of 60.0 s",
    );
    expect(explain(account("scale-in-hold", { holdSeconds: 300 }))).toContain("hold of 300 s");
    expect(explain(account("capacity"))).toContain("1 replica could not be created");
  });
});

import { describe, expect, test, vi } from "vitest";
import type { QueueReading, Readings, Spec } from "./contract.ts";
import { type ControlState, durable, restore, SpecError, step } from "./step.ts";

// Nothing here waits: it computes, and a machine may be busy with other work.
vi.setConfig({ testTimeout: 60_000 });

const SPEC: Spec = {
  objective: { waitSeconds: 10, attainmentRatio: 0.95 },
  replicas: { min: 1, max: 50 },
  slotsPerReplica: 1,
  expectedServiceSeconds: 1,
  scaleIn: { holdSeconds: 10, toZeroAfterSeconds: 10 },
};

const broker = (ready: number, unacked = 0) => ({ ageSeconds: 0, epoch: "b", ready, unacked });
const readings = (desired: number, queues: readonly QueueReading[], fleet: object = {}): Readings => ({
  queues,
  slotSharing: "shared",
  fleet: { desired, ready: desired, draining: 0, starting: [], uncreated: 0, rollout: false, ...fleet },
  startup: { readySeconds: { p50: 5, p95: 8, count: 9 } },
});
const queue = (ready: number, unacked = 0, id = "q"): QueueReading => ({
  id,
  broker: broker(ready, unacked),
});

/** The same readings, every 2 s; the last verdict. */
const steps = (spec: Spec, count: number, at: (i: number) => Readings, from?: ControlState) => {
  let state = from;
  let nowMs = 1_000_000;
  const verdicts = Array.from({ length: count }, (_, i) => {
    const result = step(spec, state, at(i), nowMs);
    state = result.state;
    nowMs += 2000;
    return result.verdict;
  });
  return { verdicts, last: verdicts.at(-1), state };
};

describe("one step", () => {
  test("refuses a spec out of range with a typed error", () => {
    const wrong = { ...SPEC, replicas: { min: 3, max: 2 } };
    expect(() => step(wrong, undefined, readings(1, [queue(0)]), 0)).toThrow(SpecError);
  });

  test("never changes the state it was given", () => {
    const { state } = step(SPEC, undefined, readings(3, [queue(5, 3)]), 0);
    const copy = structuredClone(state);
    step(SPEC, state, readings(3, [queue(50, 3)]), 2000);
    expect(state).toEqual(copy);
  });

  test("holds without a queue, and where nothing is known", () => {
    expect(step(SPEC, undefined, readings(3, []), 0).verdict).toMatchObject({
      kind: "hold",
      reason: "no-queues",
      recommended: 3,
      feasibility: { kind: "unknown" },
    });
    expect(step(SPEC, undefined, readings(3, [{ id: "q" }]), 0).verdict).toMatchObject({
      kind: "hold",
      reason: "blind",
      recommended: 3,
    });
  });

  test("explains itself with the numbers and the terms behind it", () => {
    const { verdict } = step(SPEC, undefined, readings(0, [queue(60)]), 0);
    expect(verdict).toMatchObject({
      kind: "scale",
      from: 0,
      reason: "from-zero",
      estimate: { serviceSeconds: 1, startupSeconds: 5 },
    });
    expect(verdict.to).toBeGreaterThanOrEqual(4);
    expect(verdict.explanation).toContain("60 jobs wait");
    expect(verdict.terms.map(({ name }) => name)).toEqual(["load", "backlog", "policy"]);
  });

  test("a state of another version is as good as none", () => {
    const foreign = { v: 0 } as unknown as ControlState;
    expect(step(SPEC, foreign, readings(0, [queue(9)]), 0).verdict.reason).toBe("from-zero");
  });
});

describe("several queues", () => {
  test("share slots: their backlogs add up, and the strictest wait counts", () => {
    const one = step(SPEC, undefined, readings(0, [queue(30)]), 0).verdict.to;
    const two = step(SPEC, undefined, readings(0, [queue(30), queue(30, 0, "r")]), 0).verdict.to;
    const strict = step(
      SPEC,
      undefined,
      readings(0, [{ ...queue(30), waitSeconds: 7 }, queue(30, 0, "r")]),
      0,
    ).verdict.to;
    expect(two).toBeGreaterThan(one);
    expect(strict).toBeGreaterThan(two);
  });

  test("with slots of their own: the one that needs most decides, and every one is named", () => {
    const both = { ...readings(0, [queue(30), queue(90, 0, "r")]), slotSharing: "per-queue" as const };
    const alone = step(SPEC, undefined, readings(0, [queue(90)]), 0).verdict.to;
    const { verdict, state } = step(SPEC, undefined, both, 0);
    expect(verdict.to).toBe(alone);
    expect(verdict.terms.map(({ name }) => name)).toContain("policy r");
    expect(state.lanes).toHaveLength(2);
  });

  test("one unknown queue blocks removal, while what is known may add", () => {
    const at = (ready: number) => readings(5, [queue(ready, 1), { id: "unknown" }]);
    const low = steps(SPEC, 60, () => at(0));
    expect(low.verdicts.every(({ to, recommended }) => to === 5 && recommended === 5)).toBe(true);
    expect(step(SPEC, low.state, at(500), 2e6).verdict.to).toBeGreaterThan(5);
  });

  test("three hundred queues stay within the bound of the state, either way of sharing slots", () => {
    for (const slotSharing of ["shared", "per-queue"] as const) {
      const many = Array.from({ length: 300 }, (_, i) => ({
        id: `broker/a-virtual-host/jobs.of.a.long.name.${i}`,
        broker: { ...broker(i % 7, 1), published: i * 1e6, settled: i * 1e6 },
      }));
      const { state } = steps(SPEC, 20, () => ({ ...readings(50, many), slotSharing }));
      expect(JSON.stringify(state).length).toBeLessThan(16_384);
      expect(state === undefined ? 0 : JSON.stringify(durable(state)).length).toBeLessThan(2048);
    }
  });
});

describe("removing replicas", () => {
  const workers = (i: number, running: number) => ({
    ageSeconds: 0,
    epoch: "w",
    reportingReplicas: 20,
    running,
    started: i * 4,
    finished: i * 4,
    serviceSeconds: i * 4,
  });
  const light = (i: number, fleet: object = {}) =>
    readings(
      20,
      [{ id: "q", broker: { ageSeconds: 0, epoch: "b", ready: 0 }, workers: workers(i, 2) }],
      fleet,
    );

  test("waits for the warm-up, then needs the hold, and then goes in one step", () => {
    const { verdicts } = steps(SPEC, 40, (i) => light(i));
    const first = verdicts.findIndex(({ to }) => to < 20);
    expect(verdicts[first - 1]?.reason).toMatch(/warming-up|scale-in-hold/);
    expect(first * 2).toBeGreaterThanOrEqual(20);
    expect(verdicts[first]).toMatchObject({ kind: "scale", reason: "surplus" });
    expect(verdicts[first]?.to).toBeLessThanOrEqual(6);
  });

  test("needs a second sample: the same one read again and again does not agree with itself", () => {
    // Blind at step 59, then one sample of step 60 that is read again and again.
    const at = (i: number): Readings => {
      if (i < 59) return light(i, { rollout: true });
      if (i === 59) return readings(20, [{ id: "q" }]);
      const ageSeconds = (i - 60) * 2;
      const sample = {
        broker: { ageSeconds, epoch: "b", ready: 0 },
        workers: { ...workers(60, 2), ageSeconds },
      };
      return readings(20, [{ id: "q", ...sample }]);
    };
    const { verdicts } = steps(SPEC, 72, at);
    expect(verdicts.every(({ to }) => to === 20)).toBe(true);
    expect(verdicts.at(-1)?.reason).toBe("unconfirmed");
  });

  test("does not happen during a rollout, nor for a hold after somebody raised the count", () => {
    const rollout = steps(SPEC, 60, (i) => light(i, { rollout: true }));
    expect(rollout.last).toMatchObject({ to: 20, reason: "rollout", limitedBy: ["rollout"] });
    const slow = { ...SPEC, scaleIn: { holdSeconds: 60 } };
    const raised = steps(slow, 120, (i) => (i < 60 ? light(i, { desired: 6, ready: 20 }) : light(i)));
    expect(raised.verdicts.slice(60, 89).every(({ to }) => to === 20)).toBe(true);
    expect(raised.last?.to).toBeLessThan(20);
  });

  test.each([
    ["by itself", (i: number) => light(i)],
    ["after a person raised it", (i: number) => (i < 60 ? light(i, { desired: 6, ready: 20 }) : light(i))],
  ])("says how long the hold lasts: %s", (_how, at) => {
    const { verdicts } = steps({ ...SPEC, scaleIn: { holdSeconds: 60 } }, 120, at);
    const first = verdicts.findIndex(({ to, from }) => to < 20 && from === 20);
    const held = verdicts
      .map(({ limitedBy, holdLeftSeconds }, i) => ({ i, limitedBy, holdLeftSeconds }))
      .filter(({ i, limitedBy }) => i < first && limitedBy.includes("scale-in-hold"))
      .map(({ i, holdLeftSeconds }) => ({ untilEnd: (first - i) * 2, told: holdLeftSeconds ?? Number.NaN }));
    expect(held.length).toBeGreaterThan(10);
    expect(held.every(({ untilEnd, told }) => told <= untilEnd)).toBe(true);
    const { untilEnd = 0, told = 0 } = held.at(-10) ?? {};
    expect(untilEnd - told).toBeLessThanOrEqual(2);
    expect(verdicts[first]).not.toHaveProperty("holdLeftSeconds");
  });

  test("spares running jobs that outlast the grace, where victims cannot be chosen", () => {
    const { last } = steps(SPEC, 60, (i) => light(i, { graceSeconds: 1 }));
    expect(last).toMatchObject({ to: 20, reason: "waiting-for-idle", limitedBy: ["scale-in-blocked"] });
    const idle = steps(SPEC, 60, (i) => light(i, { graceSeconds: 1, idle: 15 }));
    expect(idle.last?.to).toBe(5);
  });

  test("starts over after a gap in which nobody looked", () => {
    const { state } = steps(SPEC, 8, (i) => light(i));
    const { verdict } = step(SPEC, state, light(500), 1_000_000 + 3_600_000);
    expect(verdict.to).toBe(20);
  });

  test("two replicas of a queue that prefetches a hundred messages are not taken for a hundred jobs", () => {
    const hoarding = (i: number) =>
      readings(2, [
        { id: "q", broker: { ...broker(0, 100), consumers: 2, settled: i * 4, published: i * 4 + 100 } },
      ]);
    const { last } = steps({ ...SPEC, slotsPerReplica: 4 }, 60, hoarding);
    expect(last?.to).toBeLessThanOrEqual(8);
  });
});

describe("what the cluster does not give", () => {
  test("replicas that are refused or all fail hold the count at what was asked for", () => {
    const refused = step(
      SPEC,
      undefined,
      readings(5, [queue(400, 2)], { ready: 2, uncreated: 3 }),
      0,
    ).verdict;
    expect(refused).toMatchObject({ to: 5, reason: "capacity", limitedBy: ["capacity"] });
    expect(refused.explanation).toContain("3 replicas could not be created");
    const starting = [1, 2].map((ageSeconds) => ({ ageSeconds, phase: "failing" as const }));
    const failing = step(SPEC, undefined, readings(2, [queue(400)], { ready: 0, starting }), 0).verdict;
    expect(failing).toMatchObject({ to: 2, reason: "capacity" });
  });

  test("replicas that wait for a node hold the count too, once that takes longer than placing does", () => {
    const waiting = (ageSeconds: number) => {
      const starting = [{ ageSeconds, phase: "unscheduled" as const }];
      return step(SPEC, undefined, readings(3, [queue(400, 2)], { ready: 2, starting }), 0).verdict;
    };
    expect(waiting(60)).toMatchObject({ to: 3, reason: "capacity", limitedBy: ["capacity"] });
    expect(waiting(60).explanation).toContain("1 replica finds no node with room");
    expect(waiting(1).to).toBeGreaterThan(3);
  });

  test("what was ordered a moment ago is not ordered again", () => {
    const first = step(SPEC, undefined, readings(1, [queue(100, 1)]), 0);
    const { verdict } = step(
      SPEC,
      first.state,
      readings(first.verdict.to, [queue(400, 1)], { ready: 1 }),
      500,
    );
    expect(verdict).toMatchObject({
      kind: "hold",
      reason: "scale-out-pacing",
      limitedBy: ["scale-out-blocked"],
    });
  });
});

describe("what a person or another signal asks for", () => {
  const asked = (part: Partial<Spec>) =>
    step({ ...SPEC, ...part }, undefined, readings(3, [queue(0, 2)]), 0).verdict;

  test("is named in the reason, the rules, the terms and the sentence", () => {
    const schedules = [{ name: "office-hours", active: true, minReplicas: 8 }];
    expect(asked({ schedules })).toMatchObject({ to: 8, reason: "schedule", limitedBy: ["schedule"] });
    expect(asked({ schedules }).explanation).toContain("office-hours");
    expect(asked({ schedules }).terms).toContainEqual({ name: "schedule office-hours", replicas: 8 });
    const floor = { replicas: 9, because: "a lag of 900" };
    expect(asked({ floor }).explanation).toContain("a lag of 900");
    expect(asked({ floor }).terms).toContainEqual({ name: "floor", replicas: 9 });
    expect(asked({ paused: { replicas: 99 } })).toMatchObject({ to: 99, reason: "paused" });
    expect(asked({ paused: { replicas: 99 } }).terms).toContainEqual({ name: "paused", replicas: 99 });
    expect(asked({ replicas: { min: 6, max: 9 } })).toMatchObject({ to: 6, reason: "min" });
  });
});

test("a restart removes nothing, and remembers the start-up", () => {
  const { state } = steps(SPEC, 60, () => readings(10, [queue(0, 8)]));
  expect(state).toBeDefined();
  if (state === undefined) return;
  const restored = restore(durable(state), 2e6);
  const { verdict } = step(SPEC, restored, { ...readings(10, [queue(0, 0)]), startup: {} }, 2e6 + 2000);
  expect(verdict).toMatchObject({ kind: "hold", from: 10, to: 10, estimate: { startupSeconds: 5 } });
});

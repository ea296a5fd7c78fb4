import { describe, expect, test } from "vitest";
import {
  allowedBy,
  type BreakerMemory,
  type BreakerStep,
  newBreaker,
  steadied,
  withBreaker,
} from "./breaker.ts";

type Part = Partial<BreakerStep> & { readonly perSecond: number };

/** Runs in steps of 2 s; `at` gives the slots and the throughput at a time. */
const run = (seconds: number, at: (t: number) => Part, from: BreakerMemory = newBreaker, start = 0) => {
  let memory = from;
  let finished = from.samples.at(-1)?.[2] ?? 0;
  for (let t = start; t < start + seconds; t += 2) {
    const { perSecond, ...part } = at(t);
    finished += perSecond * 2;
    memory = withBreaker(memory, {
      t,
      elapsed: 2,
      readySlots: 10,
      slotsPerReplica: 2,
      finished,
      waiting: 50,
      overdue: true,
      serviceSeconds: 1,
      variation: 1,
      ...part,
    });
  }
  return memory;
};

const calm = (): Part => ({ perSecond: 8, waiting: 0, overdue: false });
/** Slots grow from 10 to 40, the throughput stays at 9/s. */
const capped = (t: number): Part => (t < 60 ? calm() : { perSecond: 9, readySlots: t < 80 ? 10 : 40 });

describe("the breaker", () => {
  test("trips when four times the slots bring no more throughput: 1.5 x 9 jobs/s x 1 s over 2 slots is 7", () => {
    const memory = run(160, capped);
    expect(memory.limit).toMatchObject({ replicas: 7, restored: false });
    expect(memory.limit?.throughput).toBeCloseTo(9, 0);
  });

  test("does not trip while throughput grows with the slots", () => {
    const grown = (t: number): Part => (t < 80 ? capped(t) : { perSecond: 36, readySlots: 40 });
    expect(run(400, grown).limit).toBeNull();
  });

  test("does not trip when jobs only got longer: what more slots bring is measured anew", () => {
    const longer = (t: number): Part => {
      if (t < 60) return { ...calm(), perSecond: 10 };
      return t < 100
        ? { perSecond: 5, serviceSeconds: 2 }
        : { perSecond: 10, readySlots: 20, serviceSeconds: 2 };
    };
    expect(run(400, longer).limit).toBeNull();
  });

  test("rests where nobody counts finished jobs, and where nothing is overdue", () => {
    expect(run(200, (t) => ({ ...capped(t), finished: undefined })).limit).toBeNull();
    expect(run(200, (t) => ({ ...capped(t), overdue: false })).limit).toBeNull();
  });

  test("rests until a service time is known", () => {
    expect(run(200, (t) => ({ ...capped(t), serviceSeconds: undefined }))).toMatchObject({
      baseSeconds: null,
      limit: null,
    });
  });
});

describe("a limit", () => {
  const tripped = run(160, capped);
  const after = (seconds: number, at: (t: number) => Part) => run(seconds, at, tripped, 160).limit;

  test("goes when the queue is empty", () => {
    expect(after(20, calm)).toBeNull();
  });

  test("doubles when throughput rises after all", () => {
    expect(after(60, () => ({ perSecond: 30, readySlots: 40 }))?.replicas).toBeGreaterThanOrEqual(14);
  });

  test("doubles when its slots are well used", () => {
    const used = (t: number): Part => (t < 160 ? capped(t) : { perSecond: 9, readySlots: 10 });
    expect(run(184, used).limit?.replicas).toBe(14);
  });

  test("is tried at a third more after 600 s, then after twice as long", () => {
    const limit = after(620, () => ({ perSecond: 9, readySlots: 20 }));
    expect(limit).toMatchObject({ replicas: 10, probeAfterSeconds: 1200 });
  });

  test("from before a restart stops growth and removes nothing", () => {
    const limit = tripped.limit === null ? null : { ...tripped.limit, restored: true };
    expect(allowedBy(tripped, 20)).toBe(7);
    expect(allowedBy({ ...tripped, limit }, 20)).toBe(20);
    expect(allowedBy(newBreaker, 20)).toBeUndefined();
  });
});

describe("the service time", () => {
  test("is kept between half and 1.25 of the slow one", () => {
    const memory = { ...newBreaker, baseSeconds: 2 };
    expect([0.1, 2, 9].map((seconds) => steadied(seconds, memory))).toEqual([1, 2, 2.5]);
    expect(steadied(9, newBreaker)).toBe(9);
  });

  test("pulls the slow one along in 20 s, in 300 s while pressed and overdue, not at all while limited", () => {
    const longer = (t: number): Part => ({ ...calm(), serviceSeconds: t < 20 ? 1 : 2 });
    expect(run(42, longer).baseSeconds).toBeCloseTo(2 - Math.exp(-22 / 20), 2);
    const pressed = (t: number): Part => ({ perSecond: 8, serviceSeconds: t < 60 ? 1 : 2 });
    expect(run(120, pressed).baseSeconds).toBeLessThan(1.25);
    const limited = run(160, capped);
    expect(
      run(100, () => ({ perSecond: 9, readySlots: 40, serviceSeconds: 9 }), limited, 160).baseSeconds,
    ).toBe(limited.baseSeconds);
  });
});

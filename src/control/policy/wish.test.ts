import { describe, expect, test } from "vitest";
import type { Choice } from "./cost.ts";
import { type Pressure, wishOf } from "./wish.ts";

const choice = (perSecond: number, ready: number, part: Partial<Choice> = {}): Choice => ({
  load: {
    inSystem: Math.min(perSecond, ready),
    deadlines: [],
    perSecond,
    rateVariance: 0.1,
    dispersion: 1,
    serviceSeconds: 1,
    variation: 1,
    waitSeconds: 10,
  },
  capacity: { ready, joining: [], lost: 0 },
  slots: 1,
  startup: { p50: 10, p95: 20 },
  price: 20,
  from: ready,
  ...part,
});
const calm: Pressure = { waiting: 0, overdue: false, rateDeviation: 0.3 };

describe("the wish", () => {
  test("stays where the count fits the load", () => {
    expect(wishOf(choice(10, 10), calm)).toEqual({ replicas: 10, forLoad: 10, forBacklog: 10 });
  });

  test("goes out when the load is twice what there is, not beyond what catching up can need", () => {
    const { replicas } = wishOf(choice(20, 10), calm);
    expect(replicas).toBeGreaterThanOrEqual(19);
    expect(replicas).toBeLessThanOrEqual(Math.ceil(1.1 * 20.45) + 1);
  });

  test("goes in when the load is half of what there is, never to zero", () => {
    const { replicas } = wishOf(choice(10, 30), calm);
    expect(replicas).toBeGreaterThanOrEqual(10);
    expect(replicas).toBeLessThanOrEqual(16);
    expect(wishOf(choice(0, 30), calm).replicas).toBe(1);
  });

  test("goes out for a backlog as far as it can still be in time: 60 jobs of 1 s, 10 s start-up, 30 s promised", () => {
    const loose = choice(0, 1, { from: 1 });
    const load = { ...loose.load, waitSeconds: 30, rateVariance: 0, inSystem: 60 };
    const pressed = { waiting: 60, overdue: false, rateDeviation: 0 };
    const due = (inSeconds: number) =>
      wishOf({ ...loose, load: { ...load, deadlines: [{ inSeconds, jobs: 60 }] } }, pressed).replicas;
    expect(due(30)).toBeGreaterThanOrEqual(3);
    expect(due(30)).toBeLessThanOrEqual(4);
    expect(due(20)).toBeGreaterThanOrEqual(5);
    expect(due(20)).toBeLessThanOrEqual(7);
  });

  test("works off jobs that are late already within three start-ups and waits, from below and from above", () => {
    const late: Pressure = { waiting: 400, overdue: true, rateDeviation: 0 };
    const at = (ready: number) => {
      const { load, ...rest } = choice(0, ready, { startup: { p50: 5, p95: 5 } });
      const overdue = { ...load, inSystem: ready, rateVariance: 0, serviceSeconds: 0.5, waitSeconds: 2 };
      return wishOf({ ...rest, load: overdue }, late).replicas;
    };
    expect(at(1)).toBe(10); // 200 s of work in 3 x (5 s + 2 s)
    expect(at(40)).toBe(10);
  });

  test("keeps what a backlog needs to be in time, although hardly anything arrives", () => {
    const { load, ...rest } = choice(0.1, 100);
    const due = { ...load, inSystem: 900, waitSeconds: 15, deadlines: [{ inSeconds: 5, jobs: 850 }] };
    const pressed = { waiting: 850, overdue: false, rateDeviation: 0.3 };
    expect(wishOf({ ...rest, load: { ...due, serviceSeconds: 0.3 } }, pressed).replicas).toBeGreaterThan(50);
  });

  test("from zero is at least what load and backlog need: (40 s of work over 20 s)/1 = 2, and one where that is less", () => {
    const none = choice(0, 0);
    expect(wishOf(none, { ...calm, waiting: 40 })).toMatchObject({ forBacklog: 2 });
    expect(
      wishOf({ ...none, load: { ...none.load, inSystem: 40 } }, { ...calm, waiting: 40 }).replicas,
    ).toBeGreaterThanOrEqual(2);
    expect(
      wishOf({ ...none, load: { ...none.load, inSystem: 1 } }, { ...calm, waiting: 1 }).replicas,
    ).toBeGreaterThanOrEqual(1);
  });

  test("at zero without a job is zero, whatever came before", () => {
    expect(wishOf(choice(3, 0), calm).replicas).toBe(0);
  });

  test("while jobs are overdue does not go under 1.1 times the load, and not under the load", () => {
    const overdue: Pressure = { waiting: 5, overdue: true, rateDeviation: 0.3 };
    expect(wishOf(choice(10, 30), overdue).replicas).toBeGreaterThanOrEqual(11);
    const cheap = choice(10, 4, { price: 1e-9 });
    expect(wishOf(cheap, calm).replicas).toBeLessThan(10);
    expect(wishOf(cheap, overdue).replicas).toBeGreaterThanOrEqual(10);
  });
});

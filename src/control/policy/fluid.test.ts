import { describe, expect, test } from "vitest";
import { fluidOutlook, lateWaiting, type Load } from "./fluid.ts";

const load = (part: Partial<Load> = {}): Load => ({
  inSystem: 0,
  deadlines: [],
  perSecond: 0,
  rateVariance: 0,
  dispersion: 1,
  serviceSeconds: 1,
  variation: 1,
  waitSeconds: 10,
  ...part,
});
const ready = (replicas: number) => ({ ready: replicas, joining: [], lost: 0 });

describe("the fluid outlook", () => {
  test("nothing to do leaves every slot idle: 5 replicas x 2 slots x 20 s", () => {
    const outlook = fluidOutlook(load(), ready(5), 2, 20);
    expect(outlook.idleSlotSeconds).toBeCloseTo(200, 3);
    expect(outlook).toMatchObject({ lateJobs: 0, endSlots: 10 });
    expect(outlook.jobsTooMany).toBeCloseTo(0, 6);
  });

  test("no slots make every arriving job late and leave all of them at the end", () => {
    const outlook = fluidOutlook(load({ inSystem: 4, perSecond: 2 }), ready(0), 1, 10);
    expect(outlook.lateJobs).toBeGreaterThan(19.9);
    expect(outlook.jobsTooMany).toBeCloseTo(24, 1);
  });

  test("a replica that joins half-way idles for the other half", () => {
    const outlook = fluidOutlook(
      load(),
      { ready: 0, joining: [{ inSeconds: 10, replicas: 1 }], lost: 0 },
      1,
      20,
    );
    expect(outlook.idleSlotSeconds).toBeCloseTo(10, 3);
    expect(outlook.endSlots).toBe(1);
  });

  test("ten erlangs on thirty slots keep ten busy and are never late", () => {
    const outlook = fluidOutlook(load({ inSystem: 10, perSecond: 10 }), ready(30), 1, 30);
    expect(outlook.idleSlotSeconds / 30).toBeCloseTo(20, 0);
    expect(outlook.lateJobs).toBeLessThan(1e-3);
  });

  test("a backlog of 100 on 10 slots of 1 s is beyond the wait of 5 s and within that of 15 s", () => {
    const at = (waitSeconds: number) =>
      fluidOutlook(load({ inSystem: 100, perSecond: 10, waitSeconds }), ready(10), 1, 5).lateJobs;
    expect(at(5)).toBeGreaterThan(40);
    expect(at(15)).toBeLessThan(2);
  });

  test("doubt about the rate makes lateness likelier where there is little room", () => {
    const at = (rateVariance: number) =>
      fluidOutlook(load({ inSystem: 9, perSecond: 9, rateVariance, waitSeconds: 2 }), ready(10), 1, 30)
        .lateJobs;
    expect(at(4)).toBeGreaterThan(at(0));
  });

  test("extreme loads give finite figures", () => {
    for (const extreme of [
      load({ inSystem: 1e9, perSecond: 1e6, rateVariance: 1e12, serviceSeconds: 1e-4 }),
      load({ perSecond: 1e-6, serviceSeconds: 1e5, waitSeconds: 1e-3 }),
    ]) {
      expect(Object.values(fluidOutlook(extreme, ready(3), 1, 30)).every(Number.isFinite)).toBe(true);
    }
  });
});

describe("the jobs that wait", () => {
  const waiting = (jobs: number, inSeconds: number, running = 0) =>
    load({ inSystem: jobs + running, deadlines: [{ inSeconds, jobs }], variation: 0 });

  test("are late as far as the slots do not reach them: 60 of 1 s in 20 s on 2 slots, 2 + 40 can start", () => {
    expect(lateWaiting(waiting(60, 20), ready(2), 1)).toBeCloseTo(18, 6);
    expect(lateWaiting(waiting(60, 20, 2), ready(2), 1)).toBeCloseTo(20, 6);
    expect(lateWaiting(waiting(60, 20), ready(3), 1)).toBeCloseTo(0, 6);
  });

  test("are helped only by what joins before their deadline", () => {
    const joining = (inSeconds: number) => ({ ready: 0, joining: [{ inSeconds, replicas: 10 }], lost: 0 });
    expect(lateWaiting(waiting(60, 20), joining(21), 1)).toBe(60);
    expect(lateWaiting(waiting(60, 20), joining(10), 1)).toBeCloseTo(0, 6);
  });

  test("are as many as the worst deadline says, and more where service times vary", () => {
    const early = load({
      inSystem: 60,
      variation: 0,
      deadlines: [
        { inSeconds: 5, jobs: 30 },
        { inSeconds: 20, jobs: 60 },
      ],
    });
    expect(lateWaiting(early, ready(3), 1)).toBeCloseTo(12, 6);
    expect(lateWaiting({ ...waiting(60, 19), variation: 1 }, ready(3), 1)).toBeGreaterThan(1);
    expect(lateWaiting(load(), ready(0), 1)).toBe(0);
  });
});

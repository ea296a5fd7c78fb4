import { describe, expect, test } from "vitest";
import {
  longServiceSeconds,
  newService,
  type ServiceMemory,
  serviceOf,
  withBound,
  withBusy,
  withFinished,
} from "./service-time.ts";

const prior = { seconds: 5, remembered: null };
const inProgress = (running: number, confirmedSeconds = 0) => ({ running, unsettled: { confirmedSeconds } });
const idle = inProgress(0);
const jobs = (count: number, seconds: number, from: ServiceMemory = newService): ServiceMemory => {
  let memory = from;
  for (let i = 0; i < count; i += 1) memory = withFinished(memory, 1, seconds);
  return memory;
};

describe("the mean", () => {
  test("is the prior until three jobs were measured, and less by those that were shorter", () => {
    expect(serviceOf(newService, prior, idle).seconds).toBe(5);
    expect(serviceOf(jobs(3, 1), prior, idle).seconds).toBeCloseTo(1, 3);
    expect(serviceOf(jobs(1, 1), prior, idle).seconds).toBe(3);
    expect(serviceOf(jobs(2, 1), prior, idle).seconds).toBeCloseTo(7 / 3, 2);
    expect(serviceOf(jobs(2, 9), prior, idle).seconds).toBe(5);
  });

  test("is what was measured before a restart, until then", () => {
    expect(serviceOf(newService, { seconds: 5, remembered: 0.7 }, idle).seconds).toBe(0.7);
  });

  test("follows jobs that get twice as long within two dozen of them, and noise not at all", () => {
    const steady = jobs(400, 1);
    expect(serviceOf(jobs(3, 2, steady), prior, idle).seconds).toBeLessThan(1.3);
    expect(serviceOf(jobs(24, 2, steady), prior, idle).seconds).toBeGreaterThan(1.4);
    let noisy = newService;
    for (let i = 0; i < 200; i += 1) noisy = jobs(1, i % 2 === 0 ? 0.5 : 1.5, noisy);
    expect(serviceOf(jobs(4, 1.5, noisy), prior, idle).seconds).toBeLessThan(1.1);
  });

  test("knows of jobs that run for long before any of them ends", () => {
    expect(serviceOf(withBusy(newService, 3600), prior, inProgress(4)).seconds).toBe(900);
  });

  test("an empty or instant sample does no harm", () => {
    expect(withFinished(newService, 0, 9)).toBe(newService);
    expect(serviceOf(jobs(5, 0), prior, idle).seconds).toBe(1e-4);
  });
});

describe("a broker that is seen alone", () => {
  test("bounds the mean from above: the prior counts as one job beside those that were settled, and is not exceeded", () => {
    expect(serviceOf(withBound(newService, 9, 5), prior, idle)).toMatchObject({ seconds: 1, jobs: 0 });
    expect(serviceOf(withBound(newService, 10, 900), prior, idle).seconds).toBe(5);
    expect(serviceOf(withBound(newService, 10, 900), { seconds: 5, remembered: 1 }, idle).seconds).toBe(5);
  });

  test("bounds it from below by jobs that are not settled, as long as none was", () => {
    expect(serviceOf(newService, prior, inProgress(4, 80)).seconds).toBe(20);
    expect(serviceOf(withBound(newService, 9, 5), prior, inProgress(4, 80)).seconds).toBe(1);
  });
});

describe("the variation", () => {
  test("is 1 at first and falls when jobs are alike, to 0.1 at least", () => {
    expect(serviceOf(newService, prior, idle).variation).toBe(1);
    expect(serviceOf(jobs(100, 1), prior, idle).variation).toBeCloseTo(50 / (50 + 97), 1);
    expect(serviceOf(jobs(3000, 1), prior, idle).variation).toBe(0.1);
  });

  test("rises to 6 at most when they are not", () => {
    let memory = jobs(3, 1);
    for (let i = 0; i < 900; i += 1) memory = withFinished(memory, 1, i % 30 === 0 ? 100 : 0.1);
    expect(serviceOf(memory, prior, idle).variation).toBe(6);
  });
});

describe("the time that 99 % of jobs stay under", () => {
  test("is 4.9 means at a variation of 1, from what is known best", () => {
    const service = { seconds: 1, variation: 1, jobs: 0 };
    expect(longServiceSeconds(newService, service, undefined)).toBeUndefined();
    expect(longServiceSeconds(newService, service, 2)).toBeCloseTo(2 * 4.904, 1);
    expect(longServiceSeconds(withBound(newService, 10, 30), service, 2)).toBeCloseTo(3 * 4.904, 1);
    expect(longServiceSeconds(jobs(50, 4), service, 2)).toBeCloseTo(4 * 4.904, 1);
  });
});

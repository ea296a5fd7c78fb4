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
const jobs = (count: number, seconds: number, from: ServiceMemory = newService): ServiceMemory => {
  let memory = from;
  for (let i = 0; i < count; i += 1) memory = withFinished(memory, 1, seconds);
  return memory;
};

describe("the mean", () => {
  test("is the prior until three jobs were measured", () => {
    expect(serviceOf(newService, prior, 0).seconds).toBe(5);
    expect(serviceOf(jobs(2, 1), prior, 0).seconds).toBe(5);
    expect(serviceOf(jobs(3, 1), prior, 0).seconds).toBeCloseTo(1, 3);
  });

  test("is what was measured before a restart, until then", () => {
    expect(serviceOf(newService, { seconds: 5, remembered: 0.7 }, 0).seconds).toBe(0.7);
  });

  test("follows jobs that get twice as long within two dozen of them, and noise not at all", () => {
    const steady = jobs(400, 1);
    expect(serviceOf(jobs(3, 2, steady), prior, 0).seconds).toBeLessThan(1.3);
    expect(serviceOf(jobs(24, 2, steady), prior, 0).seconds).toBeGreaterThan(1.4);
    let noisy = newService;
    for (let i = 0; i < 200; i += 1) noisy = jobs(1, i % 2 === 0 ? 0.5 : 1.5, noisy);
    expect(serviceOf(jobs(4, 1.5, noisy), prior, 0).seconds).toBeLessThan(1.1);
  });

  test("knows of jobs that run for long before any of them ends", () => {
    expect(serviceOf(withBusy(newService, 3600), prior, 4).seconds).toBe(900);
  });

  test("an empty or instant sample does no harm", () => {
    expect(withFinished(newService, 0, 9)).toBe(newService);
    expect(serviceOf(jobs(5, 0), prior, 0).seconds).toBe(1e-4);
  });
});

describe("the bound of a broker that is seen alone", () => {
  test("caps the prior and is not taken for the mean", () => {
    expect(serviceOf(withBound(newService, 10, 20), prior, 0)).toMatchObject({ seconds: 2, jobs: 0 });
    expect(serviceOf(withBound(newService, 10, 900), prior, 0).seconds).toBe(5);
    expect(serviceOf(withBound(newService, 10, 900), { seconds: 5, remembered: 1 }, 0).seconds).toBe(5);
  });
});

describe("the variation", () => {
  test("is 1 at first and falls when jobs are alike, to 0.1 at least", () => {
    expect(serviceOf(newService, prior, 0).variation).toBe(1);
    expect(serviceOf(jobs(100, 1), prior, 0).variation).toBeCloseTo(50 / (50 + 97), 1);
    expect(serviceOf(jobs(3000, 1), prior, 0).variation).toBe(0.1);
  });

  test("rises to 6 at most when they are not", () => {
    let memory = jobs(3, 1);
    for (let i = 0; i < 900; i += 1) memory = withFinished(memory, 1, i % 30 === 0 ? 100 : 0.1);
    expect(serviceOf(memory, prior, 0).variation).toBe(6);
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

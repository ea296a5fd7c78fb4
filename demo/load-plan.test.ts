import { expect, test } from "vitest";
import { loadPlan, plannedJobs, seededRandom } from "./load-plan.ts";

test("the phases follow each other without a gap and fill the time", () => {
  const phases = loadPlan(90, 180);
  expect(phases[0]?.fromSeconds).toBe(180);
  expect(phases.at(-1)?.untilSeconds).toBeCloseTo(270, 6);
  for (const [index, phase] of phases.slice(1).entries())
    expect(phase.fromSeconds).toBe(phases[index]?.untilSeconds);
});

test("it holds a burst of eight times the calm, idleness, and jobs that take twice as long", () => {
  const [calm, burst, idle, back, slow] = loadPlan(90);
  expect(burst?.arrivalsPerSecond).toBe(8 * (calm?.arrivalsPerSecond ?? 0));
  expect(idle?.arrivalsPerSecond).toBe(0);
  expect(slow?.serviceSeconds).toBe(2 * (back?.serviceSeconds ?? 0));
});

test("the same seed plans the same jobs, at about the phase's rate and service time", () => {
  const phase = { name: "x", fromSeconds: 10, untilSeconds: 1_010, arrivalsPerSecond: 5, serviceSeconds: 2 };
  const jobs = plannedJobs(phase, seededRandom(1));
  expect(jobs).toEqual(plannedJobs(phase, seededRandom(1)));
  expect(jobs.length).toBeGreaterThan(4_700);
  expect(jobs.length).toBeLessThan(5_300);
  expect(jobs.every(({ atSeconds }) => atSeconds >= 10 && atSeconds < 1_010)).toBe(true);
  const mean = jobs.reduce((sum, { serviceSeconds }) => sum + serviceSeconds, 0) / jobs.length;
  expect(mean).toBeGreaterThan(1.9);
  expect(mean).toBeLessThan(2.1);
});

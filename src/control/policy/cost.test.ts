import { expect, test } from "vitest";
import { type Choice, costOf } from "./cost.ts";

const choice = (part: Partial<Choice> = {}): Choice => ({
  load: {
    inSystem: 0,
    deadlines: [],
    perSecond: 0,
    rateVariance: 0,
    dispersion: 1,
    serviceSeconds: 1,
    variation: 1,
    waitSeconds: 10,
  },
  capacity: { ready: 4, joining: [], lost: 0 },
  slots: 2,
  startup: { p50: 10, p95: 20 },
  price: 20,
  from: 4,
  ...part,
});

test("without work the cost is the idle slots: 4 replicas x 2 slots x 20 s", () => {
  expect(costOf(choice(), 4, 20)).toBeCloseTo(160, 3);
});

test("an ordered replica costs its start-up of 10 s and then idles for 10 s, in both slots", () => {
  expect(costOf(choice(), 5, 20) - costOf(choice(), 4, 20)).toBeCloseTo(2 * 10 + 2 * 10, 3);
});

test("a removed replica saves 20 s of two slots and costs 0.4 of that as friction", () => {
  expect(costOf(choice(), 4, 20) - costOf(choice(), 3, 20)).toBeCloseTo(0.6 * 40, 3);
});

test("jobs that nobody can start in time cost the price each, and missing capacity a start-up", () => {
  const load = { ...choice().load, inSystem: 30, perSecond: 1 };
  const none = choice({ load, capacity: { ready: 0, joining: [], lost: 0 }, from: 0 });
  const cost = costOf(none, 0, 10);
  expect(cost).toBeGreaterThan(20 * 40);
  expect(cost).toBeCloseTo(20 * (10 + 40) + 10 * 1, -1);
});

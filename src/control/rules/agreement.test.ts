import { expect, test } from "vitest";
import { noAgreement, withAgreement } from "./agreement.ts";

test("two samples of different times that find the count too high agree", () => {
  const first = withAgreement(noAgreement, { sampleAt: 10, tooHigh: true });
  expect(first).toEqual({ proven: false, firstAt: 10 });
  expect(withAgreement(first, { sampleAt: 10.01, tooHigh: true }).proven).toBe(false);
  expect(withAgreement(first, { sampleAt: 12, tooHigh: true }).proven).toBe(true);
});

test("a sample in between that finds it right starts over", () => {
  const first = withAgreement(noAgreement, { sampleAt: 10, tooHigh: true });
  expect(withAgreement(first, { sampleAt: 12, tooHigh: false })).toEqual(noAgreement);
});

test("what was proven lasts until something is not known", () => {
  const proven = { proven: true, firstAt: null };
  expect(withAgreement(proven, { sampleAt: 20, tooHigh: false })).toBe(proven);
  expect(withAgreement(proven, { sampleAt: undefined, tooHigh: true })).toEqual(noAgreement);
});

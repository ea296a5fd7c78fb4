import { expect, test } from "vitest";
import { leftOf, noneUnsettled, shareOf, withUnsettled } from "./unsettled.ts";

const more = { seconds: 6, waited: true, known: true, renewed: false };

test("adds up, and one moment without waiting jobs counts for all", () => {
  const busy = withUnsettled(noneUnsettled, { ...more, seconds: 4 });
  expect(withUnsettled(busy, more)).toMatchObject({ seconds: 10, waited: true });
  const lay = withUnsettled(busy, { ...more, waited: false });
  expect(withUnsettled(lay, more)).toMatchObject({ seconds: 16, waited: false });
});

test("one moment in which it is not known what was settled counts for all, unless nothing was in progress", () => {
  const unknown = withUnsettled(withUnsettled(noneUnsettled, more), { ...more, known: false });
  expect(withUnsettled(unknown, { ...more, renewed: true })).toEqual({
    seconds: 18,
    confirmedSeconds: 0,
    waited: true,
    known: false,
  });
  expect(withUnsettled(noneUnsettled, { ...more, seconds: 0, known: false })).toEqual(noneUnsettled);
});

test("knows that nothing was settled as far as the statistics reach", () => {
  const told = withUnsettled(noneUnsettled, { ...more, renewed: true });
  expect(told.confirmedSeconds).toBe(6);
  const since = withUnsettled(told, more);
  expect(since).toMatchObject({ seconds: 12, confirmedSeconds: 6 });
});

test("the first job settled of 20 begun together took what each of them took, and the others keep theirs", () => {
  const busy = withUnsettled(noneUnsettled, { ...more, seconds: 800 });
  const spent = shareOf(busy, { settled: 1, running: 19 });
  expect(spent).toBe(40);
  expect(leftOf(busy, spent)).toMatchObject({ seconds: 760, confirmedSeconds: 760, waited: true });
});

import { expect, test } from "vitest";
import { noneUnsettled, withUnsettled } from "./unsettled.ts";

test("adds up, and one moment without waiting jobs or knowledge counts for all", () => {
  const busy = withUnsettled(noneUnsettled, { seconds: 4, waited: true, known: true });
  expect(withUnsettled(busy, { seconds: 6, waited: true, known: true })).toEqual({
    seconds: 10,
    waited: true,
    known: true,
  });
  const lay = withUnsettled(busy, { seconds: 6, waited: false, known: true });
  expect(withUnsettled(lay, { seconds: 1, waited: true, known: false })).toEqual({
    seconds: 11,
    waited: false,
    known: false,
  });
});

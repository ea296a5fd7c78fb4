import { expect, test } from "vitest";
import { newState, withClock, withDesired } from "./state.ts";

test("the clock moves by what has passed; a step back or no number is no time", () => {
  const start = newState(10_000);
  const later = withClock(start, 12_500);
  expect(later).toMatchObject({ elapsed: 2.5, state: { t: 2.5, lastMs: 12_500 } });
  const back = withClock(later.state, 4000);
  expect(back).toMatchObject({ elapsed: 0, state: { t: 2.5, lastMs: 4000 } });
  expect(withClock(back.state, 5000).state.t).toBe(3.5);
  expect(withClock(start, Number.NaN)).toEqual({ state: start, elapsed: 0 });
  expect(withClock(start, 1e300).elapsed).toBe(1e7);
  expect(newState(Number.NaN).lastMs).toBe(0);
});

test("a count that somebody else raised is noted, one that the verdict raised is not", () => {
  const memory = { desired: 3, changedAt: 0, to: 5, raisedAt: null, orderedAt: null };
  expect(withDesired(memory, 3, 9)).toBe(memory);
  expect(withDesired(memory, 5, 9)).toMatchObject({ desired: 5, changedAt: 9, raisedAt: null });
  expect(withDesired(memory, 8, 9)).toMatchObject({ desired: 8, raisedAt: 9 });
  expect(withDesired(memory, 1, 9)).toMatchObject({ desired: 1, raisedAt: null });
  expect(withDesired({ ...memory, desired: null }, 8, 9)).toMatchObject({
    desired: 8,
    changedAt: 0,
    raisedAt: null,
  });
});

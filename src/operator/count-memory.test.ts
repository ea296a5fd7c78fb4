import { expect, test } from "vitest";
import { askedCount, changedCount, firstCount, observeCount } from "./count-memory.ts";

const at = (seconds: number, min = 0) => ({ min, holdMs: 60_000, nowMs: seconds * 1_000 });

test("the count that the operator set is no surprise", () => {
  const memory = changedCount(firstCount(2), 5);
  expect(observeCount(memory, 5, at(1))).toBe(memory);
});

test("zero by hand with min 1 or more is a pause until somebody raises it", () => {
  const zero = observeCount(firstCount(3), 0, at(1, 1));
  expect(zero.zeroByHand).toBe(true);
  expect(observeCount(zero, 0, at(100, 1)).zeroByHand).toBe(true);
  expect(observeCount(zero, 2, at(200, 1)).zeroByHand).toBe(false);
});

test("zero by hand with min 0 is just a count", () => {
  expect(observeCount(firstCount(3), 0, at(1)).zeroByHand).toBe(false);
});

test("a count raised by hand is respected for the hold, a lowered one is not", () => {
  expect(observeCount(firstCount(3), 6, at(10)).raisedUntilMs).toBe(70_000);
  expect(observeCount(firstCount(3), 2, at(10)).raisedUntilMs).toBe(0);
});

test("the third write of another in ten minutes is a conflict, for five minutes", () => {
  const once = observeCount(firstCount(3), 4, at(0));
  const twice = observeCount(once, 5, at(100));
  expect(twice.conflictUntilMs).toBe(0);
  expect(observeCount(twice, 6, at(200)).conflictUntilMs).toBe(500_000);
});

test("three writes over a longer time are no conflict, and what is kept of them is bounded", () => {
  let memory = firstCount(0);
  for (let write = 1; write <= 50; write++) memory = observeCount(memory, write, at(write * 400));
  expect(memory.conflictUntilMs).toBe(0);
  expect(memory.foreignWritesMs.length).toBeLessThanOrEqual(3);
});

test("a change that was asked for and came about after all is the operator's own", () => {
  const memory = observeCount(askedCount(firstCount(2), 5), 5, at(1));
  expect(memory).toEqual(firstCount(5));
  expect(observeCount(askedCount(firstCount(2), 5), 4, at(1)).foreignWritesMs).toEqual([1_000]);
});

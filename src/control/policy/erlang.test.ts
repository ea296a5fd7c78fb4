import { expect, test } from "vitest";
import { erlangSlots } from "./erlang.ts";

const goal = { serviceSeconds: 1, waitSeconds: 1e-9, lateShare: 0.05 };

test("no load needs one slot", () => {
  expect(erlangSlots({ ...goal, offeredLoad: 0 })).toBe(1);
});

test("one erlang: 2 slots wait with 1/3, 3 with 1/11, 4 with 1/49", () => {
  expect(erlangSlots({ ...goal, offeredLoad: 1, lateShare: 0.34 })).toBe(2);
  expect(erlangSlots({ ...goal, offeredLoad: 1, lateShare: 0.1 })).toBe(3);
  expect(erlangSlots({ ...goal, offeredLoad: 1, lateShare: 0.05 })).toBe(4);
});

test("a longer wait needs fewer slots: 2 slots, 1/3 exp(-2) = 4.5 %", () => {
  expect(erlangSlots({ ...goal, offeredLoad: 1, waitSeconds: 2 })).toBe(2);
});

test("ten erlangs wait with 5.7 % on 16 slots and 3.1 % on 17", () => {
  expect(erlangSlots({ ...goal, offeredLoad: 10 })).toBe(17);
});

test("a very large load is staffed by the square root, and an unreachable goal is bounded", () => {
  expect(erlangSlots({ ...goal, offeredLoad: 10_000 })).toBe(10_200);
  expect(erlangSlots({ ...goal, offeredLoad: 4, lateShare: 0 })).toBe(8 + 10 + 8);
});

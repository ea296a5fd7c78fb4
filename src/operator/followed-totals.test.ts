import { expect, test } from "vitest";
import { FollowedTotals } from "./followed-totals.ts";

test("grows by what the other side's grew, from 0", () => {
  const followed = new FollowedTotals();
  expect(followed.totals("a")).toBeUndefined();
  followed.follow("a", "1", [100, 90]);
  expect(followed.totals("a")).toEqual([0, 0]);
  followed.follow("a", "1", [110, 95]);
  expect(followed.totals("a")).toEqual([10, 5]);
});

test("a new epoch and a total that fell add nothing, and nothing is taken away", () => {
  const followed = new FollowedTotals();
  followed.follow("a", "1", [100]);
  followed.follow("a", "1", [110]);
  followed.follow("a", "2", [500]);
  expect(followed.totals("a")).toEqual([10]);
  followed.follow("a", "2", [400]);
  followed.follow("a", "2", [403]);
  expect(followed.totals("a")).toEqual([13]);
});

test("what nobody names any more is forgotten, and begins anew when it is back", () => {
  const followed = new FollowedTotals();
  followed.follow("a", "1", [1]);
  followed.follow("b", "1", [1]);
  followed.follow("a", "1", [5]);
  followed.keep(new Set(["b"]));
  expect([followed.totals("a"), followed.totals("b")]).toEqual([undefined, [0]]);
  followed.follow("a", "1", [9]);
  expect(followed.totals("a")).toEqual([0]);
});

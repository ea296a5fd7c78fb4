import { expect, test } from "vitest";
import { oldestAgeSeconds } from "./oldest-age.ts";

const nowMs = 1_700_000_100_000;
const head = { headPublishedSeconds: 1_700_000_000 };

test("the first message is as old as its publisher's timestamp says", () => {
  expect(oldestAgeSeconds(head, { ready: 1, nowMs })).toBe(100);
});

test("a publisher's clock that is a little ahead makes no negative age", () => {
  expect(oldestAgeSeconds({ headPublishedSeconds: 1_700_000_103 }, { ready: 1, nowMs })).toBe(0);
});

test.each([
  ["no timestamp", {}, 1],
  ["milliseconds for seconds", { headPublishedSeconds: nowMs }, 1],
  ["a queue that became empty since the statistics", head, 0],
])("%s: the age is unknown", (_what, managed, ready) => {
  expect(oldestAgeSeconds(managed, { ready, nowMs })).toBeUndefined();
});

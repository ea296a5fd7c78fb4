import { expect, test } from "vitest";
import { StartupTimes } from "./startup-times.ts";

const second = 1_000;
const hour = 3_600 * second;

/** A pod as its own times tell it, all counted from its creation. */
const pod = (
  uid: string,
  {
    createdAtMs = 0,
    scheduledAfterMs = 1 * second,
    readyAfterMs,
    restarts = 0,
  }: {
    readonly createdAtMs?: number;
    readonly scheduledAfterMs?: number;
    readonly readyAfterMs?: number;
    readonly restarts?: number;
  } = {},
) => ({
  uid,
  createdAtMs,
  scheduledAtMs: createdAtMs + scheduledAfterMs,
  readyAtMs: readyAfterMs === undefined ? undefined : createdAtMs + readyAfterMs,
  restarts,
});

test("they are the last 50, each pod once", () => {
  const times = new StartupTimes();
  const pods = Array.from({ length: 60 }, (_, index) =>
    pod(`p${index}`, { scheduledAfterMs: 2 * second, readyAfterMs: (2 + index) * second }),
  );
  times.note(pods, 70 * second);
  times.note(pods, 72 * second);
  expect(times.quantiles()).toEqual({
    schedulingSeconds: { p50: 2, p95: 2, count: 50 },
    readySeconds: { p50: 34, p95: 57, count: 50 },
  });
});

test("they are absent until there is one, and a time that ran backwards counts as none", () => {
  const times = new StartupTimes();
  times.note([pod("a")], 0);
  expect(times.quantiles()).toBeUndefined();
  times.note([pod("b", { scheduledAfterMs: -1 * second, readyAfterMs: 4 * second })], 5 * second);
  expect(times.quantiles()).toEqual({
    schedulingSeconds: { p50: 0, p95: 0, count: 1 },
    readySeconds: { p50: 5, p95: 5, count: 1 },
  });
});

test("old pods whose Ready flipped hours after their start are no measure for one who sees them the first time", () => {
  const times = new StartupTimes();
  const flapped = ["a", "b", "c"].map((uid) => pod(uid, { readyAfterMs: 7 * hour }));
  times.note(flapped, 8 * hour);
  expect(times.quantiles()).toBeUndefined();
});

test("an old pod that is not ready at the first look is no measure when it is back", () => {
  const times = new StartupTimes();
  times.note([pod("a")], 8 * hour);
  times.note([pod("a", { readyAfterMs: 8 * hour + 5 * second })], 8 * hour + 6 * second);
  expect(times.quantiles()).toBeUndefined();
});

test("old pods that were ready within two minutes, and have been since, tell a fresh operator at once", () => {
  const times = new StartupTimes();
  const pods = [pod("a", { readyAfterMs: 31 * second }), pod("b", { readyAfterMs: 7 * hour })];
  times.note(pods, 8 * hour);
  expect(times.quantiles()?.readySeconds).toEqual({ p50: 30, p95: 30, count: 1 });
});

test("a pod that was made since the last look is measured however long it takes, and whatever the clocks say", () => {
  const times = new StartupTimes();
  times.note([], 8 * hour);
  for (let afterMs = 0; afterMs < 901 * second; afterMs += 2 * second)
    times.note([pod("a")], 8 * hour + 2 * second + afterMs);
  times.note([pod("a", { readyAfterMs: 901 * second })], 8 * hour + 904 * second);
  expect(times.quantiles()?.readySeconds).toEqual({ p50: 900, p95: 900, count: 1 });
});

test("a pod younger than two minutes at the first look is measured however long it takes", () => {
  const times = new StartupTimes();
  for (let atMs = 119 * second; atMs < 901 * second; atMs += 2 * second) times.note([pod("a")], atMs);
  times.note([pod("a", { readyAfterMs: 901 * second })], 902 * second);
  expect(times.quantiles()?.readySeconds).toEqual({ p50: 900, p95: 900, count: 1 });
});

test("a pod that flips when it has been counted is not counted again, and a later one is", () => {
  const times = new StartupTimes();
  times.note([pod("a", { readyAfterMs: 11 * second })], 12 * second);
  times.note([pod("a")], 5 * hour);
  const late = pod("b", { createdAtMs: 6 * hour, readyAfterMs: 21 * second });
  times.note([pod("a", { readyAfterMs: 6 * hour }), late], 6 * hour + 22 * second);
  expect(times.quantiles()?.readySeconds).toEqual({ p50: 10, p95: 20, count: 2 });
});

test("a pod that was made while nobody looked is judged as at a first look", () => {
  const times = new StartupTimes();
  times.note([], 0);
  times.note([pod("a", { readyAfterMs: 7 * hour })], 8 * hour);
  times.note([pod("b", { createdAtMs: 8 * hour })], 8 * hour + second);
  times.note([pod("b", { createdAtMs: 8 * hour, readyAfterMs: 7 * hour })], 16 * hour);
  expect(times.quantiles()).toBeUndefined();
});

test("a pod whose containers restarted is no measure", () => {
  const times = new StartupTimes();
  times.note([pod("a", { readyAfterMs: 50 * second, restarts: 1 })], 60 * second);
  expect(times.quantiles()).toBeUndefined();
});

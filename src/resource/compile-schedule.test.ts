// oxlint-disable no-restricted-globals -- the calendar of the runtime is what these results are compared with
import { expect, test } from "vitest";
import { compileSchedule } from "./compile-schedule.ts";

const at = (iso: string) => Date.parse(iso);
const officeHours = { timezone: "Europe/Kyiv", start: "0 8 * * 1-5", durationSeconds: 36_000 };

test("runs from its start, for its duration, in its own time zone", () => {
  const active = compileSchedule(officeHours);
  // Kyiv is UTC+3 in July; 2026-07-15 is a Wednesday.
  expect(active(at("2026-07-15T04:59:59Z"))).toBe(false);
  expect(active(at("2026-07-15T05:00:00Z"))).toBe(true);
  expect(active(at("2026-07-15T14:59:59Z"))).toBe(true);
  expect(active(at("2026-07-15T15:00:00Z"))).toBe(false);
});

test("moves with daylight saving time", () => {
  const active = compileSchedule(officeHours);
  expect(active(at("2026-01-15T05:30:00Z"))).toBe(false);
  expect(active(at("2026-01-15T06:00:00Z"))).toBe(true);
});

test("rests at the weekend", () => {
  expect(compileSchedule(officeHours)(at("2026-07-18T09:00:00Z"))).toBe(false);
});

test("a start of the evening before is still running after midnight", () => {
  const active = compileSchedule({ timezone: "UTC", start: "0 22 * * 5", durationSeconds: 4 * 86_400 });
  expect(active(at("2026-07-21T21:59:00Z"))).toBe(true);
  expect(active(at("2026-07-21T22:01:00Z"))).toBe(false);
});

test("a start in the hour that comes twice happens once", () => {
  const active = compileSchedule({ timezone: "Europe/Berlin", start: "30 2 * * *", durationSeconds: 1_800 });
  expect(active(at("2026-10-25T00:30:00Z"))).toBe(true);
  expect(active(at("2026-10-25T01:00:00Z"))).toBe(false);
  expect(active(at("2026-10-25T01:30:00Z"))).toBe(false);
});

test("in the second of two same hours, a start later on the wall clock has already been", () => {
  const active = compileSchedule({ timezone: "Europe/Berlin", start: "50 2 * * *", durationSeconds: 3_600 });
  // 02:10 for the second time; 02:50 was 20 minutes ago.
  expect(active(at("2026-10-25T01:10:00Z"))).toBe(true);
});

test("a start in the hour that is skipped happens in the hour after", () => {
  const active = compileSchedule({ timezone: "Europe/Berlin", start: "30 2 * * *", durationSeconds: 1_800 });
  expect(active(at("2026-03-29T01:29:00Z"))).toBe(false);
  expect(active(at("2026-03-29T01:30:00Z"))).toBe(true);
});

test("overlapping starts count from the latest one", () => {
  const active = compileSchedule({ timezone: "UTC", start: "*/10 * * * *", durationSeconds: 300 });
  expect(active(at("2026-07-15T05:04:00Z"))).toBe(true);
  expect(active(at("2026-07-15T05:06:00Z"))).toBe(false);
});

test("no start in reach: not running", () => {
  expect(
    compileSchedule({ timezone: "UTC", start: "0 0 1 * *", durationSeconds: 60 })(at("2026-07-15T05:04:00Z")),
  ).toBe(false);
});

test("a start that is no cron expression never runs", () => {
  expect(
    compileSchedule({ timezone: "UTC", start: "soon", durationSeconds: 60 })(at("2026-07-15T05:04:00Z")),
  ).toBe(false);
});

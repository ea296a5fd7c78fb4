// oxlint-disable no-restricted-globals -- the calendar of the runtime is what these results are compared with
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { civilFromDays, daysFromCivil, isTimeZone, zonedClock } from "./zoned-time.ts";

const at = (iso: string) => Date.parse(iso);
const wall = (iso: string) => Date.parse(`${iso}Z`) / 60_000;

test("knows IANA names and refuses others", () => {
  expect(isTimeZone("Europe/Kyiv")).toBe(true);
  expect(isTimeZone("UTC")).toBe(true);
  expect(isTimeZone("Mars/Olympus")).toBe(false);
  expect(isTimeZone("+02:00")).toBe(false);
});

test("tells the wall time in winter and in summer", () => {
  const berlin = zonedClock("Europe/Berlin");
  expect(berlin.wallAt(at("2026-01-15T07:00:00Z"))).toBe(wall("2026-01-15T08:00"));
  expect(berlin.wallAt(at("2026-07-15T07:00:00Z"))).toBe(wall("2026-07-15T09:00"));
});

test("a wall time that comes twice is its first occurrence", () => {
  expect(zonedClock("Europe/Berlin").instantOf(wall("2026-10-25T02:30"))).toBe(at("2026-10-25T00:30:00Z"));
});

test("a wall time that is skipped is as much later as the gap is long", () => {
  expect(zonedClock("Europe/Berlin").instantOf(wall("2026-03-29T02:30"))).toBe(at("2026-03-29T01:30:00Z"));
});

test("dates and days convert both ways, as the calendar has them", () => {
  fc.assert(
    fc.property(fc.integer({ min: -700_000, max: 700_000 }), (days) => {
      const date = new Date(days * 86_400_000);
      const { month, day, weekday } = civilFromDays(days);
      expect([month, day, weekday]).toEqual([date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay()]);
      expect(daysFromCivil(date.getUTCFullYear(), month, day)).toBe(days);
    }),
  );
});

test("wall time and instant convert both ways except in the hours the clocks change", () => {
  const zones = [
    "UTC",
    "Europe/Kyiv",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 40_000_000 }), (zone, minute) => {
      const clock = zonedClock(zone);
      const instant = minute * 60_000;
      const again = clock.instantOf(clock.wallAt(instant));
      expect(clock.wallAt(again)).toBe(clock.wallAt(instant));
      expect(again).toBeLessThanOrEqual(instant);
    }),
    { numRuns: 300 },
  );
});

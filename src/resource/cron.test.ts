import { expect, test } from "vitest";
import { matchesDate, parseCron } from "./cron.ts";

const cronOf = (expression: string) => {
  const parsed = parseCron(expression);
  if (parsed.kind === "invalid") throw new Error(parsed.because);
  return parsed.cron;
};

test("reads values, lists, ranges, steps and names", () => {
  const cron = cronOf("0,30 8-17/4 1-31/10 jan,MAR Mon-Fri");
  expect(cron.minutes).toEqual([0, 30]);
  expect(cron.hours).toEqual([8, 12, 16]);
  expect([...cron.days]).toEqual([1, 11, 21, 31]);
  expect([...cron.months]).toEqual([1, 3]);
  expect([...cron.weekdays]).toEqual([1, 2, 3, 4, 5]);
});

test("a value with a step runs to the end of the field", () => {
  expect(cronOf("5/15 * * * *").minutes).toEqual([5, 20, 35, 50]);
});

test("7 and 0 are both Sunday", () => {
  expect([...cronOf("0 0 * * 7").weekdays]).toEqual([0]);
  expect([...cronOf("0 0 * * 5-7").weekdays].toSorted((a, b) => a - b)).toEqual([0, 5, 6]);
});

test("a restricted day of month and a restricted weekday match when either does", () => {
  const cron = cronOf("0 0 13 * 5");
  expect(matchesDate(cron, { month: 1, day: 13, weekday: 2 })).toBe(true);
  expect(matchesDate(cron, { month: 1, day: 14, weekday: 5 })).toBe(true);
  expect(matchesDate(cron, { month: 1, day: 14, weekday: 2 })).toBe(false);
});

test("with one of the two open, only the other counts, and the month always does", () => {
  expect(matchesDate(cronOf("0 0 * * 1"), { month: 1, day: 13, weekday: 2 })).toBe(false);
  expect(matchesDate(cronOf("0 0 13 * *"), { month: 1, day: 13, weekday: 2 })).toBe(true);
  expect(matchesDate(cronOf("0 0 13 2 *"), { month: 1, day: 13, weekday: 2 })).toBe(false);
});

test.each([
  ["", "five fields"],
  ["0 8 * *", "five fields"],
  ["0 8 * * 1 2026", "five fields"],
  ["60 8 * * 1", 'minute field "60"'],
  ["0 24 * * 1", 'hour field "24"'],
  ["0 8 0 * 1", 'day of month field "0"'],
  ["0 8 * 13 1", 'month field "13"'],
  ["0 8 * * 8", 'day of week field "8"'],
  ["0 8 * * tue-mon", 'day of week field "tue-mon"'],
  ["0 8 * * 1-2-3", 'day of week field "1-2-3"'],
  ["0 8 * * 1-x", 'day of week field "1-x"'],
  ["*/0 8 * * 1", 'minute field "*/0"'],
  ["*/5/5 8 * * 1", 'minute field "*/5/5"'],
  ["*/x 8 * * 1", 'minute field "*/x"'],
  ["@daily 8 * * 1", 'minute field "@daily"'],
])("refuses %j and says which field", (expression, because) => {
  expect(parseCron(expression)).toEqual({ kind: "invalid", because: expect.stringContaining(because) });
});

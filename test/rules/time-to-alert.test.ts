import { expect, test } from "vitest";
import { longestSecondsToAlert, type RuleGroup, secondsOf } from "../../scripts/time-to-alert.ts";

const groups: readonly RuleGroup[] = [
  {
    name: "recorded",
    interval: "30s",
    rules: [
      { record: "queue:a:max", expr: "max(a)" },
      { record: "queue:b:max", expr: "max(queue:a:max)" },
    ],
  },
  { name: "budget", interval: "1m", rules: [{ record: "queue:c:ratio", expr: "queue:b:max / 2" }] },
  {
    name: "alerts",
    interval: "30s",
    rules: [
      { alert: "FromScrape", expr: "a > 1", for: "5m" },
      { alert: "FromRecorded", expr: "queue:b:max > 1", for: "5m" },
      { alert: "FromChain", expr: "queue:c:ratio > 1", for: "45s" },
    ],
  },
];
const before = { lookSeconds: 2, scrapeSeconds: 5, groupWaitSeconds: 10 };

test.each([
  ["FromScrape", 2 + 5 + 30 + 300 + 10],
  // Rules of one group are evaluated at the same turn.
  ["FromRecorded", 2 + 5 + 30 + 30 + 300 + 10],
  // `for` ends at an evaluation.
  ["FromChain", 2 + 5 + 30 + 60 + 30 + 60 + 10],
])("%s takes %d s at most", (alert, seconds) => {
  expect(longestSecondsToAlert(groups, alert, before)).toBe(seconds);
});

test("an alert that is not there, or a duration that is none, is an error", () => {
  expect(() => longestSecondsToAlert(groups, "Other", before)).toThrow("no rule is called Other");
  expect(() => secondsOf("5 minutes")).toThrow("expected a number and s, m or h");
});

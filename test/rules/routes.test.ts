import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { programs } from "../../scripts/programs.mjs";
import { alerts } from "./promtool.ts";
import { OPERATOR, QUEUE, SUBJECT } from "./worlds.ts";

const amtool = (...args: readonly string[]): string => {
  const found = programs.amtool.find(process.env);
  if (found === undefined) throw new Error("tests of routes need amtool (Debian: prometheus-alertmanager)");
  return execFileSync(found, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
};
const config = fileURLToPath(new URL("../../manifests/alertmanager/alertmanager.yaml", import.meta.url));

type Labels = Readonly<Record<string, string>>;

/** Names of the receivers that an alert with these labels comes to, by Alertmanager's own word. */
const receiversOf = (labels: Labels): readonly string[] => {
  const set = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return amtool("config", "routes", "test", `--config.file=${config}`, ...set)
    .trim()
    .split(",");
};
const severityOf = (alert: string): string =>
  alerts.find((one) => one.alert === alert)?.labels["severity"] ?? "";
const queue: Labels = { ...SUBJECT, ...QUEUE };

test("amtool finds nothing wrong with the example", () => {
  expect(amtool("check-config", config)).toContain("SUCCESS");
});

const receivers: Readonly<Record<string, readonly string[]>> = {
  critical: ["millrace-on-call", "millrace-chat", "millrace-mail"],
  warning: ["millrace-chat", "millrace-mail"],
  info: ["millrace-mail"],
};

test.each(alerts.map(({ alert }) => alert))("%s reaches those whom its severity concerns", (alertname) => {
  const severity = severityOf(alertname);
  expect(receiversOf({ alertname, severity, ...queue })).toEqual(receivers[severity]);
});

test.each([
  [
    "an alert of the operator, about no queue",
    { alertname: "MillraceBrokerPollStale", severity: "critical", ...OPERATOR },
    receivers["critical"],
  ],
  [
    "an alert with no label but its severity",
    { alertname: "MillraceOperatorDown", severity: "critical" },
    receivers["critical"],
  ],
  [
    "a severity that the chart's values changed",
    { alertname: "MillraceQueueStalled", severity: "warning", ...queue },
    receivers["warning"],
  ],
  [
    "a severity that nobody knows",
    { alertname: "MillraceQueueStalled", severity: "ticket", ...queue },
    receivers["info"],
  ],
  [
    "an odd name",
    { alertname: "MillraceQueueStalled", severity: "critical", ...queue, queue: 'a"} , b=<c>' },
    receivers["critical"],
  ],
  [
    "an alert of somebody else",
    { alertname: "KubePodCrashLooping", severity: "critical", ...queue },
    ["others"],
  ],
  [
    "one whose name only contains ours",
    { alertname: "NotMillraceBacklog", severity: "critical" },
    ["others"],
  ],
])("%s goes where it should", (_what, labels, expected) => {
  expect(receiversOf(labels)).toEqual(expected);
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { programs } from "../../scripts/programs.mjs";

type Config = {
  readonly receivers: readonly {
    readonly slack_configs?: readonly { readonly title: string; readonly text: string }[];
  }[];
};
const file = new URL("../../manifests/alertmanager/alertmanager.yaml", import.meta.url);
const [chat] = (parse(readFileSync(file, "utf8")) as Config).receivers.flatMap(
  ({ slack_configs: slack = [] }) => slack,
);
const directory = mkdtempSync(join(tmpdir(), "chat-message-"));
afterAll(() => rmSync(directory, { recursive: true }));

type Alert = { readonly status: "firing" | "resolved"; readonly name: string; readonly severity: string };

/** What Alertmanager makes of a template for a group of these alerts, by amtool's word. */
const rendered = (template: string | undefined, alerts: readonly Alert[]): string => {
  const anyFires = alerts.some(({ status }) => status === "firing");
  const data = {
    status: anyFires ? "firing" : "resolved",
    alerts: alerts.map(({ status, name, severity }) => ({
      status,
      labels: { alertname: name, severity },
      annotations: {
        description: `Queue <a> & b: ${name} is so.`,
        runbook_url: `docs/runbooks/${name}.md`,
        dashboard_url: `/d/${name}`,
      },
    })),
  };
  const [none, group] = ["none.tmpl", "group.json"].map((name) => join(directory, name)) as [string, string];
  writeFileSync(none, "");
  writeFileSync(group, JSON.stringify(data));
  const amtool = programs.amtool.find(process.env) ?? "amtool";
  const flags = [`--template.glob=${none}`, `--template.text=${template ?? ""}`, `--template.data=${group}`];
  return execFileSync(amtool, ["template", "render", ...flags], { encoding: "utf8" });
};

const [critical, warning, over]: readonly [Alert, Alert, Alert] = [
  { status: "firing", name: "MillraceBacklogWaitCritical", severity: "critical" },
  { status: "firing", name: "MillraceJobStuck", severity: "warning" },
  { status: "resolved", name: "MillraceQueueStalled", severity: "critical" },
];

test.each([
  ["one alert", [critical], "FIRING: MillraceBacklogWaitCritical"],
  ["two of a queue", [critical, warning], "FIRING: MillraceBacklogWaitCritical, MillraceJobStuck"],
  ["one that fires and one that is over", [over, warning], "FIRING: MillraceJobStuck"],
  ["one that is over", [over], "RESOLVED: MillraceQueueStalled"],
] as const)("the title of %s names what fires, or else what is over", (_what, alerts, title) => {
  expect(rendered(chat?.title, alerts)).toBe(title);
});

test("the text says of each alert which it is and whether it is over, and how to go on where it is not", () => {
  expect(rendered(chat?.text, [critical, over, warning])).toBe(
    [
      "FIRING *critical* MillraceBacklogWaitCritical: Queue &lt;a&gt; &amp; b: MillraceBacklogWaitCritical is so.",
      "Runbook: docs/runbooks/MillraceBacklogWaitCritical.md",
      "Dashboard: /d/MillraceBacklogWaitCritical",
      "RESOLVED *critical* MillraceQueueStalled: Queue &lt;a&gt; &amp; b: MillraceQueueStalled is so.",
      "FIRING *warning* MillraceJobStuck: Queue &lt;a&gt; &amp; b: MillraceJobStuck is so.",
      "Runbook: docs/runbooks/MillraceJobStuck.md",
      "Dashboard: /d/MillraceJobStuck",
      "",
    ].join("\n"),
  );
});

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { programs } from "../../scripts/programs.mjs";
import { chartTools } from "./chart-tools.ts";
import { monitored, smallest } from "./configurations.ts";
import { find, renderChart, RenderError, type Values } from "./render-chart.ts";

type Rule = {
  readonly alert?: string;
  readonly expr?: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};
type Groups = readonly { readonly name: string; readonly rules: readonly Rule[] }[];

const tools = await chartTools();
const helms = "missing" in tools ? {} : { "Helm 3": tools.helm3, "Helm 4": tools.helm4 };
const helm = "missing" in tools ? "" : tools.helm4;

const folder = fileURLToPath(new URL("../../manifests/rules/", import.meta.url));
const plain: Groups = readdirSync(folder).flatMap(
  (file) => (parse(readFileSync(join(folder, file), "utf8")) as { groups: Groups }).groups,
);
const groupsOf = (rules: Values, program = helm): Groups => {
  const manifests = renderChart({ ...smallest, rules: { enabled: true, ...rules } }, { helm: program });
  return find(manifests, "PrometheusRule").spec?.["groups"] as Groups;
};
const alertOf = (rules: Values, name: string): Rule | undefined =>
  groupsOf(rules)
    .flatMap((group) => group.rules)
    .find(({ alert }) => alert === name);
/** What is absent is asked for in the release's namespace. */
const inRelease = (rule: Rule): Rule =>
  rule.alert === "MillraceOperatorDown"
    ? { ...rule, expr: (rule.expr ?? "").replace("})", ', namespace="messaging"})') }
    : rule;
const withoutAddresses = (groups: Groups): unknown =>
  groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => {
      const { runbook_url: _, dashboard_url: __, ...annotations } = rule.annotations ?? {};
      return { ...rule, annotations };
    }),
  }));

describe.skipIf("missing" in tools)("the chart's rules", () => {
  test("are left out unless asked for", () => {
    expect(renderChart(smallest, { helm }).filter(({ kind }) => kind === "PrometheusRule")).toEqual([]);
  });

  test.each(Object.entries(helms))("are those of manifests/rules, with %s", (_name, program) => {
    const released = plain.map((group) => ({ ...group, rules: group.rules.map(inRelease) }));
    expect(withoutAddresses(groupsOf({}, program))).toEqual(withoutAddresses(released));
  });

  test("are right for promtool as rendered", () => {
    const promtool = programs.promtool.find(process.env) ?? "promtool";
    const directory = mkdtempSync(join(tmpdir(), "rendered-"));
    const file = join(directory, "rules.json");
    writeFileSync(file, JSON.stringify({ groups: groupsOf({ grafanaUrl: "https://grafana.example" }) }));
    const { status, stderr } = spawnSync(promtool, ["check", "rules", "--lint=all", "--lint-fatal", file], {
      encoding: "utf8",
    });
    rmSync(directory, { recursive: true });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("the operator of another release does not stand for this one's", () => {
    const promtool = programs.promtool.find(process.env) ?? "promtool";
    const directory = mkdtempSync(join(tmpdir(), "rendered-"));
    const groups = groupsOf({}).map((group) => ({
      ...group,
      rules: group.rules.filter(({ alert }) => alert === "MillraceOperatorDown"),
    }));
    writeFileSync(join(directory, "rules.json"), JSON.stringify({ groups }));
    const operatorIn = (namespace: string, values: string) => ({
      series: `millrace_build_info{component="operator", namespace="${namespace}"}`,
      values,
    });
    const down = (minute: number, alerts: readonly object[]) => ({
      alertname: "MillraceOperatorDown",
      eval_time: `${minute}m`,
      exp_alerts: alerts,
    });
    const fires = {
      exp_labels: { severity: "critical", component: "operator", namespace: "messaging" },
      exp_annotations: alertOf({}, "MillraceOperatorDown")?.annotations,
    };
    const test = {
      rule_files: ["rules.json"],
      tests: [
        {
          interval: "1m",
          input_series: [operatorIn("messaging", "1x20 stale"), operatorIn("other", "1x40")],
          alert_rule_test: [down(20, []), down(35, [fires])],
        },
      ],
    };
    writeFileSync(join(directory, "test.json"), JSON.stringify(test));
    const { status, stdout } = spawnSync(promtool, ["test", "rules", join(directory, "test.json")], {
      encoding: "utf8",
    });
    rmSync(directory, { recursive: true });
    expect({ status, stdout }).toMatchObject({ status: 0 });
  });

  test("put the addresses that are given before runbooks and dashboards", () => {
    const rules = { runbookBaseUrl: "https://wiki.example", grafanaUrl: "https://grafana.example" };
    expect(alertOf(rules, "MillraceOperatorDown")?.annotations).toMatchObject({
      runbook_url: "https://wiki.example/docs/runbooks/MillraceOperatorDown.md",
      dashboard_url: "https://grafana.example/d/millrace-operator",
    });
  });

  test("change single alerts as told, and the others not", () => {
    const alerts = {
      MillraceQueueStalled: { for: "20m", severity: "warning", labels: { team: "shop" } },
      MillraceBacklogWaitHigh: { enabled: false },
    };
    const rules = { alerts, alertLabels: { cluster: "eu" } };
    expect(alertOf(rules, "MillraceQueueStalled")).toMatchObject({
      for: "20m",
      labels: { severity: "warning", team: "shop", cluster: "eu" },
    });
    expect(alertOf(rules, "MillraceBacklogWaitHigh")).toBeUndefined();
    expect(alertOf(rules, "MillraceBacklogWaitCritical")).toMatchObject({
      for: "5m",
      labels: { severity: "critical", cluster: "eu" },
    });
  });

  test("a misspelt name of an alert is refused", () => {
    expect(() => groupsOf({ alerts: { MillraceQueueStaled: { enabled: false } } })).toThrow(RenderError);
  });

  test("carry the label by which Prometheus selects them", () => {
    const rules = { enabled: true, labels: { release: "stack" }, namespace: "monitoring" };
    const manifests = renderChart({ ...monitored("PodMonitor"), rules }, { helm });
    expect(find(manifests, "PrometheusRule").metadata).toMatchObject({
      namespace: "monitoring",
      labels: { release: "stack" },
    });
  });
});

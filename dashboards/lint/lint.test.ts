import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { autoscalerAlerts, operatorAlerts } from "../source/alerts.ts";
import { DOCUMENTS } from "../source/links.ts";
import { operatorQuestions } from "../source/operator.ts";
import { anything } from "../source/questions.ts";
import {
  type Dashboard,
  dataLinksOf,
  expressionsOf,
  type Panel,
  panelsOf,
  queryOf,
  type Variable,
} from "./dashboard.ts";
import { lintDashboard, rules } from "./lint.ts";
import { selectorsIn } from "./promql.ts";

const repository = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, repository), "utf8");
const names = readdirSync(new URL("dashboards", repository)).filter((file) => file.endsWith(".json"));
const dashboards = names.map((file) => [file, JSON.parse(read(`dashboards/${file}`)) as Dashboard] as const);
const all = dashboards.map(([, dashboard]) => dashboard);

describe.each(dashboards)("%s", (_file, dashboard) => {
  test("has nothing that the linter complains of", () => {
    expect(lintDashboard(dashboard)).toEqual([]);
  });

  test("begins with answers in words and colour", () => {
    const top = panelsOf(dashboard).filter(({ gridPos }) => gridPos?.y === 0);
    expect(top.length).toBeGreaterThanOrEqual(4);
    for (const { type, title, fieldConfig } of top) {
      expect(type).toBe("stat");
      expect(title).toMatch(/\?$/);
      const { mappings, noValue } = fieldConfig?.defaults ?? {};
      expect(JSON.stringify(mappings)).toMatch(/"OK: .*"(WARN|BAD): /);
      expect(JSON.stringify([mappings, noValue])).toContain('"UNKNOWN: ');
    }
  });
});

describe("the set", () => {
  test("has the uids that alerts and links lead to, and each once", () => {
    const uids = all.map(({ uid }) => uid ?? "");
    expect(uids.toSorted()).toEqual(["millrace-autoscaler", "millrace-operator", "millrace-overview"]);
    const urls = [
      ...all.flatMap((dashboard) => panelsOf(dashboard).flatMap(dataLinksOf)).map(({ url = "" }) => url),
      ...(read("manifests/rules/alerts.yaml").match(/(?<=dashboard_url: ")[^"]+/g) ?? []),
    ].filter((url) => url.startsWith("/d/"));
    expect(urls.length).toBeGreaterThan(20);
    for (const url of urls) {
      const [, uid = ""] = /^\/d\/([^?]+)/.exec(url) ?? [];
      const target = all.find((dashboard) => dashboard.uid === uid);
      const variables = target?.templating.list.map(({ name }) => name) ?? [];
      const given = [...url.matchAll(/[?&](?:var-(\w+)=|\$\{(\w+):queryparam\})/g)].map(
        ([, one, other]) => one ?? other,
      );
      expect(variables, `${url} sets what ${uid} has`).toEqual(expect.arrayContaining(given));
    }
  });

  test("leads to documents and runbooks that exist", () => {
    const urls = new Set(
      all.flatMap((dashboard) => JSON.stringify(dashboard).match(/https?:\/\/[^"$]+/g) ?? []),
    );
    const places = [...urls].map((url) => new URL(url));
    expect(places.map(({ origin }) => origin).filter((origin) => origin !== DOCUMENTS)).toEqual([]);
    const pages = places.map(({ pathname }) => pathname.slice(1)).filter((path) => path.endsWith(".md"));
    expect(pages.length).toBeGreaterThan(20);
    for (const page of pages) expect(() => read(page)).not.toThrow();
  });

  test("asks only for series that a component exports or a rule records", () => {
    const exported = new Set(read("docs/metrics.md").match(/(?<=^\| `)\w+/gm) ?? []);
    const recorded = new Set(read("manifests/rules/recording.yaml").match(/(?<=- record: )\S+/g) ?? []);
    // Of Prometheus itself, and of Node's own metrics that each component exports.
    const others = /^(ALERTS|nodejs_\w+|process_\w+)$/;
    const asked = all.flatMap((dashboard) => [
      ...expressionsOf(dashboard).map(({ expr }) => expr),
      ...dashboard.templating.list
        .filter(({ type }) => type === "query")
        .map((variable) => queryOf(variable).replace(/^label_values\((.+), \w+\)$/, "$1")),
    ]);
    const metrics = new Set(asked.flatMap((expr) => selectorsIn(expr).map(({ metric }) => metric)));
    const unknown = [...metrics].filter(
      (metric) =>
        !exported.has(metric.replace(/_bucket$/, "")) && !recorded.has(metric) && !others.test(metric),
    );
    expect(metrics.size).toBeGreaterThan(60);
    expect(unknown).toEqual([]);
  });

  test("answers with every alert, each in one question", () => {
    const answered = [...anything.bad, ...anything.warn];
    expect(answered.toSorted()).toEqual(autoscalerAlerts.toSorted());
    for (const { alert } of anything.ofOperator ?? []) expect(operatorAlerts).toContain(alert);
    const operator = Object.values(operatorQuestions).flatMap(({ bad, warn }) => [...bad, ...warn]);
    // Without an operator there is no series to ask: the panels say so where they have no value.
    expect(operator.toSorted()).toEqual(
      operatorAlerts.filter((alert) => alert !== "MillraceOperatorDown").toSorted(),
    );
  });
});

type Change = (dashboard: Dashboard) => object;
const [overview] = all.filter(({ uid }) => uid === "millrace-overview");
const withPanel =
  (change: (panel: Panel) => object): Change =>
  ({ panels: [panel, ...rest] }) => ({
    panels: panel === undefined ? rest : [{ ...panel, ...change(panel) }, ...rest],
  });
const withExpr = (expr: string): Change =>
  withPanel(({ targets = [] }) => ({ targets: targets.map((target) => ({ ...target, expr })) }));
const withVariable =
  (name: string, change: Partial<Variable>): Change =>
  ({ templating }) => ({
    templating: {
      list: templating.list.map((variable) =>
        variable.name === name ? { ...variable, ...change } : variable,
      ),
    },
  });
const withDataLink = (url: string): Change =>
  withPanel(() => ({
    fieldConfig: { defaults: { unit: "s", noValue: "-", links: [{ url }] }, overrides: [] },
  }));

/** By rule, what it must find. */
const breaches: readonly (readonly [rule: string, what: string, change: Change])[] = [
  ["uneditable-dashboard", "one that may be edited", () => ({ editable: true })],
  ["identity", "another uid", () => ({ uid: "abc" })],
  ["identity", "no tag", () => ({ tags: [] })],
  ["shared-crosshair", "a crosshair for each panel", () => ({ graphTooltip: 0 })],
  ["set-links", "no links", () => ({ links: [] })],
  [
    "set-links",
    "links that lose the time",
    ({ links = [] }) => ({ links: links.map((link) => ({ ...link, keepTime: false })) }),
  ],
  [
    "template-datasource-rule",
    "a data source of another name",
    withVariable("datasource", { name: "source" }),
  ],
  ["template-datasource-rule", "no variable", () => ({ templating: { list: [] } })],
  [
    "template-label-promql-rule",
    "a query that is none",
    withVariable("namespace", { query: "label_values(x{, y)" }),
  ],
  ["template-label-promql-rule", "another query", withVariable("namespace", { query: "metrics(x)" })],
  ["template-on-time-change-reload-rule", "values read once", withVariable("namespace", { refresh: 1 })],
  ["template-all-value", "All as a list", withVariable("namespace", { allValue: "" })],
  ["template-backtick", "values with a backtick", withVariable("namespace", { regex: "" })],
  ["template-named", "a variable without a label", withVariable("namespace", { label: "" })],
  ["panel-datasource-rule", "a fixed data source", withPanel(() => ({ datasource: { uid: "abc" } }))],
  [
    "panel-datasource-rule",
    "a query to a fixed data source",
    withPanel(({ targets = [] }) => ({
      targets: targets.map((target) => ({ ...target, datasource: { uid: "abc" } })),
    })),
  ],
  [
    "panel-datasource-rule",
    "an annotation of a fixed data source",
    () => ({ annotations: { list: [{ name: "x", expr: "up", datasource: { uid: "abc" } }] } }),
  ],
  ["panel-title-description-rule", "no description", withPanel(() => ({ description: "" }))],
  ["panel-title-description-rule", "no title", withPanel(() => ({ title: "" }))],
  [
    "panel-units-rule",
    "no unit",
    withPanel(() => ({ fieldConfig: { defaults: { noValue: "-" }, overrides: [] } })),
  ],
  [
    "panel-units-rule",
    "a unit that Grafana has not, in an override",
    withPanel(() => ({
      fieldConfig: {
        defaults: { unit: "s", noValue: "-" },
        overrides: [{ properties: [{ id: "unit", value: "jobs" }] }],
      },
    })),
  ],
  ["panel-no-targets-rule", "no query", withPanel(() => ({ targets: [] }))],
  [
    "panel-no-value",
    "nothing to say without a value",
    withPanel(() => ({ fieldConfig: { defaults: { unit: "s" }, overrides: [] } })),
  ],
  [
    "panel-colours",
    "figures without colours",
    withPanel(() => ({
      type: "stat",
      fieldConfig: { defaults: { unit: "s", noValue: "-" }, overrides: [] },
    })),
  ],
  ["panel-identity", "an id twice", ({ panels }) => ({ panels: [...panels, panels[0]] })],
  ["panel-grid", "a panel on another", ({ panels }) => ({ panels: [...panels, { ...panels[0], id: 1 }] })],
  ["panel-grid", "a panel that is too wide", withPanel(() => ({ gridPos: { x: 20, y: 90, w: 8, h: 4 } }))],
  ["data-links", "a label as it is", withDataLink("/d/x?var-queue=${__field.labels.queue}")],
  ["data-links", "a variable that is not there", withDataLink("/d/x?${nothing:queryparam}")],
  ["target-promql-rule", "no PromQL", withExpr("sum by (le (up)")],
  ["target-promql-rule", "nothing", withExpr("")],
  ["target-rate-interval-rule", "a window of its own", withExpr("rate(up_total[5m])")],
  ["target-counter-agg-rule", "a counter", withExpr("sum (millrace_scale_errors_total)")],
  ["target-counter-agg-rule", "a counter's difference", withExpr("delta(up_total[$__rate_interval])")],
  ["queue-identity", "queues told apart by name alone", withExpr("max by (queue) (up)")],
  ["queue-identity", "queues joined by name alone", withExpr("up and on (vhost, queue) up")],
  ["raw-string-variables", "a variable in quotes", withExpr('up{a=~"${namespace:regex}"}')],
  ["raw-string-variables", "a variable as it is", withExpr("up{a=~`$namespace`}")],
  ["raw-string-variables", "a variable that is not there", withExpr("up{a=~`${queue:regex}`}")],
  [
    "raw-string-variables",
    "a variable as it is in another's query",
    withVariable("autoscaler", { query: 'label_values(up{namespace="$namespace"}, autoscaler)' }),
  ],
];

describe("the linter", () => {
  test.each(breaches)("%s finds %s", (rule, _what, change) => {
    const broken = { ...overview, ...change(overview ?? expect.fail("no overview")) } as Dashboard;
    expect(lintDashboard(broken).map((problem) => problem.split(":")[0])).toContain(rule);
  });

  test("has a breach for each of its rules", () => {
    expect([...new Set(breaches.map(([rule]) => rule))].toSorted()).toEqual(
      rules.map(({ name }) => name).toSorted(),
    );
  });

  test("lets the expressions of alerts keep their windows, and no others", () => {
    const [rule] = rules.filter(({ name }) => name === "target-rate-interval-rule");
    const panels = overview?.panels ?? [];
    expect(JSON.stringify(panels)).toContain("increase(millrace_pod_restarts_total[15m])");
    expect(rule?.check(overview ?? expect.fail("no overview"))).toEqual([]);
  });
});

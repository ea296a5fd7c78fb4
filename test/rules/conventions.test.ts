import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { alerts, checkRules, groups, rules } from "./promtool.ts";

/** The checks of mixtool and pint, which are not to be had as packages, and our own. */
const repository = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, repository), "utf8");
const runbooks = readdirSync(new URL("docs/runbooks", repository));
/** `5m` in seconds. */
const secondsOf = (duration: string): number => {
  const [, count = "0", unit = ""] = /^(\d+)(s|m|h|d|w)$/.exec(duration) ?? [];
  return Number(count) * ({ s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }[unit] ?? Number.NaN);
};
const named = alerts.map((one) => [one.alert, one] as const);

test("promtool finds nothing to complain of, style included", async () => {
  expect(await checkRules()).toBe("");
});

describe.each(named)("%s", (alert, { expr, labels, annotations, ...rule }) => {
  test("is named in CamelCase after the product, and its severity is one of three", () => {
    expect(alert).toMatch(/^Millrace([A-Z][a-z]+)+$/);
    expect(["critical", "warning", "info"]).toContain(labels["severity"]);
  });

  test("has a summary that is a sentence and the same for every instance", () => {
    expect(annotations["summary"]).toMatch(/^[A-Z][^{}]+\.$/);
  });

  test("has a description that is a sentence", () => {
    expect(annotations["description"]).toMatch(/^[A-Z{].+\.$/);
  });

  test("leads to its runbook and to a dashboard", () => {
    expect(annotations["runbook_url"]).toBe(`docs/runbooks/${alert}.md`);
    expect(annotations["dashboard_url"]).toMatch(/^\/d\/millrace-(autoscaler|operator)(\?|$)/);
  });

  test("waits before it fires, so that one bad scrape wakes nobody", () => {
    expect(secondsOf(rule.for ?? "0s")).toBeGreaterThanOrEqual(60);
  });

  test("goes on while the operator is upgraded", () => {
    expect(secondsOf(rule.keep_firing_for ?? "0s")).toBeGreaterThanOrEqual(5 * 60);
  });

  test("speaks only of labels that its expression keeps", () => {
    const templates = JSON.stringify(annotations);
    const used = [...templates.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? "");
    const operators = /by \(namespace, job\)/.test(expr);
    const autoscalers = /by \(namespace, autoscaler\)|autoscaler:millrace/.test(expr);
    const queues = /queue:millrace/.test(expr);
    const kept = [
      ...(operators ? ["namespace", "job"] : []),
      ...(autoscalers || queues ? ["namespace", "autoscaler"] : []),
      ...(queues ? ["queue"] : []),
    ];
    for (const label of used) expect(kept).toContain(label);
  });
});

test("no name stands for two alerts, and no series for two rules", () => {
  const names = rules.map(({ alert, record }) => alert ?? record);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("recorded series are named level:metric:operation", () => {
  const recorded = rules.flatMap(({ record }) => record ?? []);
  for (const name of recorded) expect(name).toMatch(/^(queue|queue_hour|autoscaler):millrace_\w+:\w+$/);
});

test("every recorded series that a rule asks for is recorded", () => {
  const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
  const asked = rules.flatMap(({ expr }) => expr.match(/\b(queue|queue_hour|autoscaler):\w+:\w+/g) ?? []);
  expect(asked.filter((name) => !recorded.has(name))).toEqual([]);
});

test("series of two operators are never added", () => {
  const added = rules.filter(({ expr }) =>
    /sum (by|without) \((?!namespace, job)[^)]*\) \((rate|increase)\(millrace_/.test(expr),
  );
  // Within one operator, over the reasons of a change.
  expect(added.map(({ alert, record }) => alert ?? record)).toEqual(["MillraceAutoscalerFlapping"]);
});

test("series of a worker that two jobs scrape are never added", () => {
  const added = rules.filter(({ expr }) => /sum by \([^)]*\) \((rate\()?worker_(?!\w+_bucket)/.test(expr));
  expect(added).toEqual([]);
});

test("counters are asked through rate or increase, with at least four scrapes of a slow scraper", () => {
  for (const { expr } of rules) {
    const counters = expr.match(/\w*\(?\w+(_total|_bucket)\b/g) ?? [];
    for (const counter of counters) expect(counter).toMatch(/^(rate|increase)\(/);
    for (const [, window = ""] of expr.matchAll(/(?:rate|increase)\([^[]+\[(\w+)\]/g)) {
      expect(secondsOf(window)).toBeGreaterThanOrEqual(4 * 60);
    }
  }
});

test("every metric in a rule is one that a component exports", () => {
  const exported = new Set(read("docs/metrics.md").match(/(?<=^\| `)\w+/gm) ?? []);
  const asked = rules.flatMap(({ expr }) => expr.match(/(?<![:\w])(millrace|worker)_\w+(?![\w:])/g) ?? []);
  const missing = asked.map((name) => name.replace(/_bucket$/, "")).filter((name) => !exported.has(name));
  expect([...new Set(missing)]).toEqual([]);
});

test("nothing is asked of kube-state-metrics or of the broker's own plugin", () => {
  for (const { expr } of rules) expect(expr).not.toMatch(/\b(kube|rabbitmq)_/);
});

test("groups are evaluated often enough for Prometheus to find their last answer", () => {
  for (const { interval } of groups) expect(secondsOf(interval)).toBeLessThanOrEqual(120);
});

test("every alert has a runbook, and every runbook its alert", () => {
  expect(runbooks.toSorted()).toEqual(alerts.map(({ alert }) => `${alert}.md`).toSorted());
});

test.each(runbooks)(
  "%s asks for what is there: under any release name, and of pods that never restarted",
  (file) => {
    const page = read(`docs/runbooks/${file}`);
    expect(page).not.toMatch(/deploy\/millrace|:millrace-operator/);
    const logs = (which: RegExp) => page.match(which)?.length ?? 0;
    expect(logs(/^kubectl logs POD (?!.*--previous)/gm)).toBeGreaterThanOrEqual(logs(/--previous/g));
  },
);

test.each(runbooks)("%s says what it means, what it costs, how to look and what to do", (file) => {
  const page = read(`docs/runbooks/${file}`);
  expect(page.match(/^#+ .*/gm)).toEqual([
    `# ${file.slice(0, -3)}`,
    "## Meaning",
    "## Impact",
    "## Diagnosis",
    "## Mitigation",
  ]);
  const diagnosis = page.slice(page.indexOf("## Diagnosis"), page.indexOf("## Mitigation"));
  expect(diagnosis).toMatch(/^```(sh|promql)\n[^`]+^```$/m);
  const { annotations } = alerts.find(({ alert }) => `${alert}.md` === file) ?? {};
  const [dashboard = ""] = annotations?.["dashboard_url"]?.split("?") ?? [];
  expect(diagnosis).toMatch(new RegExp(`^In Grafana: \`${dashboard}[?\`]`, "m"));
});

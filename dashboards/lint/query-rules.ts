import { alertExpr, autoscalerAlerts, operatorAlerts } from "../source/alerts.ts";
import { oneLine } from "../source/query.ts";
import { type Dashboard, expressionsOf, queryOf } from "./dashboard.ts";
import { referencesIn } from "./interpolation.ts";
import type { Rule } from "./lint.ts";
import { promqlErrors, selectorsIn } from "./promql.ts";

const RATES: readonly string[] = ["rate", "irate", "increase"];
/** Of a point on a line, and of a single figure about all that is shown. */
const WINDOWS: readonly (string | undefined)[] = ["$__rate_interval", "$__range"];
/** Durations that Grafana puts into queries. */
const BUILT_IN = /^__(rate_interval|interval|range)$/;

const alerts = [...autoscalerAlerts, ...operatorAlerts].map((alert) => oneLine(alertExpr(alert)));
/** Without the expressions of alerts, whose windows are those of the rules. */
const withoutAlerts = (expr: string): string =>
  alerts.reduce((rest, alert) => rest.replaceAll(alert, "vector(1)"), expr);

/** A rule about each expression by itself. */
const each = (name: string, problemsOf: (expr: string) => readonly string[]): Rule => ({
  name,
  check: (dashboard) =>
    expressionsOf(dashboard).flatMap(({ where, expr }) =>
      problemsOf(expr).map((problem) => `${where}: ${problem}`),
    ),
});

/**
 * Counters that are asked for as they are. The first change of a count with some reason begins a series; it is found
 * by the series that was not there an interval ago, as no increase tells it.
 */
const rawCounters: ReadonlySet<string> = new Set(["millrace_scale_events_total"]);

export const queryRules: readonly Rule[] = [
  // 12
  each("target-promql-rule", (expr) => promqlErrors(expr).map((error) => `no PromQL near ${error}`)),
  // 13
  each("target-rate-interval-rule", (expr) =>
    selectorsIn(withoutAlerts(expr))
      .filter(({ within: [nearest = ""], range }) => RATES.includes(nearest) && !WINDOWS.includes(range))
      .map(({ metric, range = "" }) => `${metric}[${range}] is neither $__rate_interval nor $__range`),
  ),
  // 16
  each("target-counter-agg-rule", (expr) =>
    selectorsIn(expr)
      .filter(
        ({ metric, within: [nearest = ""] }) =>
          /_(total|bucket|count|sum)$/.test(metric) && !RATES.includes(nearest),
      )
      .filter(({ metric }) => !rawCounters.has(metric))
      .map(({ metric }) => `${metric} is a counter and asked for as it is`),
  ),
  each("queue-identity", (expr) =>
    [...expr.matchAll(/\b(?:by|on) \(([^)]*\bqueue\b[^)]*)\)/g)]
      .filter(([, labels = ""]) => !/\bbroker\b/.test(labels) || !/\bvhost\b/.test(labels))
      .map(([text]) => `${text} takes queues of one name in two vhosts for one`),
  ),
  { name: "raw-string-variables", check: variables },
];

/** Names hold anything; only the escaped value in a raw string is safe: name=~`${name:regex}`. */
function variables(dashboard: Dashboard): readonly string[] {
  const declared = new Set(dashboard.templating.list.map(({ name }) => name));
  const places = [
    ...expressionsOf(dashboard),
    ...dashboard.templating.list
      .filter(({ type }) => type === "query")
      .map((variable) => ({ where: `variable ${variable.name}`, expr: queryOf(variable) })),
  ];
  return places.flatMap(({ where, expr }) => {
    const others = referencesIn(expr).filter(({ name }) => !BUILT_IN.test(name));
    const unknown = others
      .filter(({ name }) => !declared.has(name))
      .map(({ name }) => `${where}: no variable ${name}`);
    const quoted = expr.match(/=~`\$\{\w+:regex\}`/g) ?? [];
    return quoted.length === others.length
      ? unknown
      : [...unknown, `${where}: a variable stands in no =~\`\${name:regex}\``];
  });
}

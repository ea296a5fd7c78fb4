import type { Row } from "./dashboard.ts";
import { bars, lines, states, wordsOf } from "./panels.ts";
import { increased, NO_OPERATOR, perOperator } from "./operator-series.ts";
import { OF_OPERATORS } from "./query.ts";

const ONLY_POOLS = "Only an operator with pools of local processes has these.";
const sources = ["broker", "workers", "floors"] as const;

/** 95th percentile of a histogram of the operators. */
const p95 = (histogram: string): string =>
  `histogram_quantile(0.95, sum by (le) (rate(${histogram}_bucket{${OF_OPERATORS}}[$__rate_interval])))`;

const leader = () =>
  states(
    {
      title: "Who leads",
      description: "The operator that decides, and those that stand by. Exactly one must lead.",
      unit: "none",
      empty: NO_OPERATOR,
      width: 12,
    },
    [{ expr: perOperator("millrace_operator_leader"), legend: "{{instance}}" }],
    wordsOf({ 0: { text: "stands by", color: "blue" }, 1: { text: "leads", color: "green" } }),
  );

const versions = () =>
  states(
    {
      title: "Versions",
      description: "Which version runs where; two at a time only during an upgrade.",
      unit: "none",
      empty: NO_OPERATOR,
      width: 12,
    },
    [
      {
        expr: `max by (instance, version) (millrace_build_info{component="operator", ${OF_OPERATORS}})`,
        legend: "{{instance}} {{version}}",
      },
    ],
    wordsOf({ 1: { text: "runs", color: "green" } }),
  );

const cycles = () =>
  lines(
    {
      title: "Cycle",
      description:
        "How long a look at all autoscalers takes, from its start to its last answer. Dashed: the time from one to the next.",
      unit: "s",
      empty: NO_OPERATOR,
      width: 12,
    },
    [
      { expr: p95("millrace_reconcile_duration_seconds"), legend: "p95" },
      { expr: `max (millrace_poll_interval_seconds{${OF_OPERATORS}})`, legend: "interval", style: "limit" },
      { expr: `max (millrace_fast_path_period_seconds{${OF_OPERATORS}})`, legend: "fast path" },
    ],
  );

const undecided = () =>
  bars(
    {
      title: "What could not be decided",
      description: "Autoscalers that could not be decided in a cycle.",
      unit: "short",
      empty: NO_OPERATOR,
      width: 12,
    },
    [{ expr: increased("millrace_reconcile_errors_total", "instance"), legend: "{{instance}}" }],
  );

export const decidingRow = (): Row => ({
  title: "Deciding",
  panels: [leader(), versions(), cycles(), undecided()],
});

const ages = () =>
  lines(
    {
      title: "Age of what is known",
      description:
        "How long ago the brokers, the workers' metrics and the floor expressions last answered without a problem. Dashed: from here the operator counts as blind.",
      unit: "s",
      empty: "The operator that leads has asked nobody yet.",
      width: 12,
    },
    [
      ...sources.map((source) => ({
        expr: `time() - max (millrace_${source}_last_success_timestamp_seconds{${OF_OPERATORS}})`,
        legend: source,
      })),
      {
        expr: `clamp_min(10 * max (millrace_poll_interval_seconds{${OF_OPERATORS}}), 30)`,
        legend: "blind",
        style: "limit" as const,
      },
    ],
  );

const polls = () =>
  lines(
    {
      title: "Time to read",
      description: "How long it takes to read each source for all autoscalers at once (95th percentile).",
      unit: "s",
      empty: "Nothing was read in this time.",
      width: 12,
    },
    sources.map((source) => ({ expr: p95(`millrace_${source}_poll_duration_seconds`), legend: source })),
  );

const pollErrors = () =>
  bars(
    {
      title: "Readings that failed",
      description: "Readings that did not come (unanswered) or came with a problem (incomplete).",
      unit: "short",
      empty: NO_OPERATOR,
      width: 24,
    },
    sources.map((source) => ({
      expr: increased(`millrace_${source}_poll_errors_total`, "reason"),
      legend: `${source}: {{reason}}`,
    })),
  );

export const readingRow = (): Row => ({
  title: "Reading brokers and metrics",
  panels: [ages(), polls(), pollErrors()],
});

const changes = () =>
  bars(
    {
      title: "Changes of counts",
      description: "How often counts of all autoscalers were changed, by direction.",
      unit: "short",
      empty: "No count was changed in this time.",
      width: 12,
    },
    [{ expr: increased("millrace_scale_events_total", "direction"), legend: "{{direction}}" }],
  );

const failedChanges = () =>
  bars(
    {
      title: "Changes that were not made",
      description: "Counts that were decided and could not be set, by outcome.",
      unit: "short",
      empty: "Every decision was carried out.",
      width: 12,
    },
    [{ expr: increased("millrace_scale_errors_total", "outcome"), legend: "{{outcome}}" }],
  );

const poolReplicas = () =>
  lines(
    {
      title: "Pools: processes",
      description: "Processes of local pools by phase.",
      unit: "short",
      empty: ONLY_POOLS,
      width: 12,
    },
    [
      {
        expr: `sum by (namespace, pool, phase) (millrace_pool_replicas{${OF_OPERATORS}})`,
        legend: "{{namespace}}/{{pool}} {{phase}}",
        style: "steps",
      },
    ],
  );

const poolEnds = () =>
  bars(
    {
      title: "Pools: crashes and kills",
      description: "Processes that ended without being asked, and those that outlived their grace.",
      unit: "short",
      empty: ONLY_POOLS,
      width: 12,
    },
    [
      {
        expr: increased("millrace_pool_crashes_total", "namespace, pool"),
        legend: "{{namespace}}/{{pool}} crashed",
      },
      {
        expr: increased("millrace_pool_kills_total", "namespace, pool"),
        legend: "{{namespace}}/{{pool}} killed",
      },
    ],
  );

export const actingRow = (): Row => ({
  title: "Acting",
  panels: [changes(), failedChanges(), poolReplicas(), poolEnds()],
});

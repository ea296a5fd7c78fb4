import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { collectNodeMetrics } from "../../kit/src/node-metrics.ts";
import type { Autoscaler } from "./autoscaler.ts";
import type { Decision } from "./decision-log.ts";
import { createAttainmentMetrics } from "./attainment-metrics.ts";
import { createAutoscalerMetrics } from "./autoscaler-metrics.ts";
import { createDecisionMetrics } from "./decision-metrics.ts";
import { createQueueMetrics } from "./queue-metrics.ts";
import { registerScrapedGauge } from "./scraped-metric.ts";

const readBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type SourceName = "broker" | "workers" | "floors";
type SourceRead = {
  readonly seconds: number;
  readonly failure?: "unanswered" | "incomplete";
  readonly nowMs: number;
};

/** What the operator tells about itself and about each autoscaler. Names start with `millrace_`. */
export type OperatorMetrics = {
  sourceRead(source: SourceName, read: SourceRead): void;
  cycleEnded(seconds: number): void;
  decided(autoscaler: Autoscaler, decision: Decision): void;
  reconcileFailed(): void;
  fastPathPeriod(seconds: number): void;
};

/** Registers all of them. Series of single autoscalers are filled when they are scraped, from what `autoscalers` answers then. */
export function createOperatorMetrics(
  registry: Registry,
  {
    autoscalers,
    isLeader,
    cycleSeconds,
    version = "unknown",
  }: {
    readonly autoscalers: () => readonly Autoscaler[];
    readonly isLeader: () => boolean;
    readonly cycleSeconds: number;
    /** Of the program. */
    readonly version?: string;
  },
): OperatorMetrics {
  collectNodeMetrics(registry);
  createAutoscalerMetrics(registry, autoscalers);
  createQueueMetrics(registry, autoscalers);
  createAttainmentMetrics(registry, autoscalers);
  const registers = [registry];
  const cycles = new Histogram({
    name: "millrace_reconcile_duration_seconds",
    help: "From the start of a cycle to its last answer.",
    buckets: readBuckets,
    registers,
  });
  const failures = new Counter({
    name: "millrace_reconcile_errors_total",
    help: "Autoscalers that could not be decided in a cycle.",
    registers,
  });
  const period = new Gauge({
    name: "millrace_poll_interval_seconds",
    help: "From one cycle to the next.",
    registers,
  });
  period.set(cycleSeconds);
  registerIdentity(registry, { isLeader, version });
  const fastPath = new Gauge({
    name: "millrace_fast_path_period_seconds",
    help: "From one look at the queues of autoscalers at zero replicas to the next.",
    registers,
  });
  return {
    sourceRead: sourceMetrics(registry, isLeader),
    cycleEnded: (seconds) => cycles.observe(seconds),
    decided: createDecisionMetrics(registry, autoscalers),
    reconcileFailed: () => failures.inc(),
    fastPathPeriod: (seconds) => fastPath.set(seconds),
  };
}

function registerIdentity(
  registry: Registry,
  { isLeader, version }: { readonly isLeader: () => boolean; readonly version: string },
): void {
  registerScrapedGauge(registry, {
    name: "millrace_operator_leader",
    help: "1 on the operator that decides, 0 on one that follows.",
    labelNames: [],
    series: () => [{ of: {}, value: Number(isLeader()) }],
  });
  const build = { component: "operator", version };
  registerScrapedGauge(registry, {
    name: "millrace_build_info",
    help: "1 for the version of the program that runs.",
    labelNames: ["component", "version"],
    series: () => [{ of: build, value: 1 }],
  });
}

/** The same three for each source; their names begin with the source's. */
const sources: Readonly<Record<SourceName, string>> = {
  broker: "what the broker tells of the queues",
  workers: "the workers' own metrics",
  floors: "the floor expressions",
};

function sourceMetrics(registry: Registry, isLeader: () => boolean): OperatorMetrics["sourceRead"] {
  const meters = {
    broker: meterOf(registry, "broker", isLeader),
    workers: meterOf(registry, "workers", isLeader),
    floors: meterOf(registry, "floors", isLeader),
  };
  return (source, read) => meters[source](read);
}

function meterOf(
  registry: Registry,
  source: SourceName,
  isLeader: () => boolean,
): (read: SourceRead) => void {
  const registers = [registry];
  const duration = new Histogram({
    name: `millrace_${source}_poll_duration_seconds`,
    help: `How long it took to read ${sources[source]}, all autoscalers at once.`,
    buckets: readBuckets,
    registers,
  });
  const errors = new Counter({
    name: `millrace_${source}_poll_errors_total`,
    help: `Readings of ${sources[source]} that did not come (unanswered) or came in part only (incomplete).`,
    labelNames: ["reason"],
    registers,
  });
  // There from the start with 0: a first increase from nothing would not be seen as one.
  for (const reason of ["unanswered", "incomplete"]) errors.inc({ reason }, 0);
  let lastMs: number | undefined;
  registerScrapedGauge(registry, {
    name: `millrace_${source}_last_success_timestamp_seconds`,
    help: `When ${sources[source]} last came, of all that is asked; before the first time, when it was first asked for. Only where it is asked for, and on the operator that leads.`,
    labelNames: [],
    // A follower asks nobody: its last time would look like a source that is away.
    series: () => (lastMs === undefined || !isLeader() ? [] : [{ of: {}, value: lastMs / 1_000 }]),
  });
  return ({ seconds, failure, nowMs }) => {
    duration.observe(seconds);
    lastMs ??= nowMs;
    if (failure === undefined) lastMs = nowMs;
    else errors.inc({ reason: failure });
  };
}

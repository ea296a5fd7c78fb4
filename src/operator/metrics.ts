import { collectDefaultMetrics, Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Autoscaler } from "./autoscaler.ts";
import type { Decision } from "./decision-log.ts";
import { createAutoscalerMetrics } from "./autoscaler-metrics.ts";
import { createQueueMetrics } from "./queue-metrics.ts";

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
};

/** Registers all of them. Series of single autoscalers are filled when they are scraped, from what `autoscalers` answers then. */
export function createOperatorMetrics(
  registry: Registry,
  {
    autoscalers,
    cycleSeconds,
  }: { readonly autoscalers: () => readonly Autoscaler[]; readonly cycleSeconds: number },
): OperatorMetrics {
  collectDefaultMetrics({ register: registry });
  createAutoscalerMetrics(registry, autoscalers);
  createQueueMetrics(registry, autoscalers);
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
  const leader = new Gauge({
    name: "millrace_operator_leader",
    help: "1 on the operator that decides.",
    registers,
  });
  leader.set(1);
  return {
    sourceRead: sourceMetrics(registry),
    cycleEnded: (seconds) => cycles.observe(seconds),
    decided: decisionMetrics(registry),
    reconcileFailed: () => failures.inc(),
  };
}

/** The same three for each source; their names begin with the source's. */
const sources: Readonly<Record<SourceName, string>> = {
  broker: "what the broker tells of the queues",
  workers: "the workers' own metrics",
  floors: "the floor expressions",
};

function sourceMetrics(registry: Registry): OperatorMetrics["sourceRead"] {
  const meters = {
    broker: meterOf(registry, "broker"),
    workers: meterOf(registry, "workers"),
    floors: meterOf(registry, "floors"),
  };
  return (source, read) => meters[source](read);
}

function meterOf(registry: Registry, source: SourceName): (read: SourceRead) => void {
  const registers = [registry];
  const duration = new Histogram({
    name: `millrace_${source}_poll_duration_seconds`,
    help: `How long it took to read ${sources[source]}, all autoscalers at once.`,
    buckets: readBuckets,
    registers,
  });
  const errors = new Counter({
    name: `millrace_${source}_poll_errors_total`,
    help: `Readings of ${sources[source]} that did not come (unanswered) or came with a problem (incomplete).`,
    labelNames: ["reason"],
    registers,
  });
  const last = new Gauge({
    name: `millrace_${source}_last_success_timestamp_seconds`,
    help: `When ${sources[source]} last came without a problem.`,
    registers,
  });
  return ({ seconds, failure, nowMs }) => {
    duration.observe(seconds);
    if (failure === undefined) last.set(nowMs / 1_000);
    else errors.inc({ reason: failure });
  };
}

function decisionMetrics(registry: Registry): OperatorMetrics["decided"] {
  const registers = [registry];
  const events = new Counter({
    name: "millrace_scale_events_total",
    help: "Changes of the count that were made, by direction (out, in) and reason.",
    labelNames: ["namespace", "autoscaler", "direction", "reason"],
    registers,
  });
  const refused = new Counter({
    name: "millrace_scale_errors_total",
    help: "Changes of the count that were decided and not made, by outcome (conflict, failed).",
    labelNames: ["namespace", "autoscaler", "outcome"],
    registers,
  });
  const last = new Gauge({
    name: "millrace_scale_last_change_timestamp_seconds",
    help: "When the operator last changed the count.",
    labelNames: ["namespace", "autoscaler"],
    registers,
  });
  return (autoscaler, decision) => {
    const { namespace, name } = autoscaler.resource.metadata;
    const labels = { namespace, autoscaler: name };
    switch (decision.outcome) {
      case "scaled":
        events.inc({
          ...labels,
          direction: decision.to > decision.from ? "out" : "in",
          reason: decision.reason,
        });
        last.set(labels, decision.atMs / 1_000);
        return;
      case "conflict":
      case "failed":
        refused.inc({ ...labels, outcome: decision.outcome });
        return;
      case "held":
      case "dry-run":
    }
  };
}

import { collectDefaultMetrics, Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Autoscaler } from "./autoscaler.ts";
import type { Decision } from "./decision-log.ts";
import { createAutoscalerMetrics } from "./autoscaler-metrics.ts";
import { createQueueMetrics } from "./queue-metrics.ts";

const readBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type SourceName = "broker" | "workers" | "floors";

/** What the operator tells about itself and about each autoscaler. Names start with `millrace_`. */
export type OperatorMetrics = {
  sourceRead(
    source: SourceName,
    read: { readonly seconds: number; readonly failed: boolean; readonly nowMs: number },
  ): void;
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

function sourceMetrics(registry: Registry): OperatorMetrics["sourceRead"] {
  const registers = [registry];
  const labelNames = ["source"];
  const reads = new Histogram({
    name: "millrace_source_read_duration_seconds",
    help: "How long a source of readings took to answer, all autoscalers at once.",
    labelNames,
    buckets: readBuckets,
    registers,
  });
  const errors = new Counter({
    name: "millrace_source_read_errors_total",
    help: "Readings that did not come, or came with a problem.",
    labelNames,
    registers,
  });
  const last = new Gauge({
    name: "millrace_source_last_success_timestamp_seconds",
    help: "When a source last answered without a problem.",
    labelNames,
    registers,
  });
  return (source, { seconds, failed, nowMs }) => {
    reads.observe({ source }, seconds);
    if (failed) errors.inc({ source });
    else last.set({ source }, nowMs / 1_000);
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

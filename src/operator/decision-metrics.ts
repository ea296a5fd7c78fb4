import { Counter, type Registry } from "prom-client";
import type { Autoscaler } from "./autoscaler.ts";
import type { Decision } from "./decision-log.ts";
import { type Labels, registerScrapedGauge, type Series } from "./scraped-metric.ts";
import { autoscalerLabelNames, SeriesLabels } from "./series-labels.ts";

/**
 * Registers what counts decisions. Series of an autoscaler that is gone, or that another operator leads now, go with it:
 * otherwise two operators would tell of one autoscaler.
 */
export function createDecisionMetrics(
  registry: Registry,
  autoscalers: () => readonly Autoscaler[],
): (autoscaler: Autoscaler, decision: Decision) => void {
  const events = new PrunedCounter(registry, autoscalers, {
    name: "millrace_scale_events_total",
    help: "Changes of the count that were made, by direction (out, in) and reason.",
    labelNames: ["namespace", "autoscaler", "direction", "reason"],
  });
  const refused = new PrunedCounter(registry, autoscalers, {
    name: "millrace_scale_errors_total",
    help: "Changes of the count that were decided and not made, by outcome (conflict, failed).",
    labelNames: ["namespace", "autoscaler", "outcome"],
  });
  registerLastChange(registry, autoscalers);
  return (autoscaler, { outcome, to, from, reason }) => {
    if (outcome === "scaled") events.add(autoscaler, { direction: to > from ? "out" : "in", reason });
    if (outcome === "conflict" || outcome === "failed") refused.add(autoscaler, { outcome });
  };
}

function registerLastChange(registry: Registry, autoscalers: () => readonly Autoscaler[]): void {
  const labels = new SeriesLabels();
  registerScrapedGauge(registry, {
    name: "millrace_scale_last_change_timestamp_seconds",
    help: "When the operator last changed the count.",
    labelNames: autoscalerLabelNames,
    series: () =>
      autoscalers().flatMap((autoscaler): readonly Series[] => {
        const last = autoscaler.decisions.changes(10).findLast(({ outcome }) => outcome === "scaled");
        return last === undefined ? [] : [{ of: labels.autoscaler(autoscaler), value: last.atMs / 1_000 }];
      }),
  });
}

type CounterOptions = {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
};

class PrunedCounter {
  readonly #counter: Counter;
  /** The label sets in use, by autoscaler. */
  readonly #used = new Map<string, Map<string, Labels>>();

  constructor(
    registry: Registry,
    autoscalers: () => readonly Autoscaler[],
    { labelNames, ...options }: CounterOptions,
  ) {
    const prune = () => this.#prune(new Set(autoscalers().map(({ key }) => key)));
    this.#counter = new Counter({ ...options, labelNames: [...labelNames], registers: [], collect: prune });
    registry.registerMetric(this.#counter);
  }

  add(autoscaler: Autoscaler, more: Labels): void {
    const labels = { ...labelsOf(autoscaler), ...more };
    const used = this.#used.get(autoscaler.key) ?? new Map<string, Labels>();
    this.#used.set(autoscaler.key, used.set(JSON.stringify(labels), labels));
    this.#counter.inc(labels);
  }

  #prune(present: ReadonlySet<string>): void {
    for (const [key, used] of this.#used) {
      if (present.has(key)) continue;
      for (const labels of used.values()) this.#counter.remove(labels);
      this.#used.delete(key);
    }
  }
}

const labelsOf = ({ resource: { metadata } }: Autoscaler) => ({
  namespace: metadata.namespace,
  autoscaler: metadata.name,
});

import type { Registry } from "prom-client";
import type { Autoscaler } from "./autoscaler.ts";
import { registerScrapedCounter, registerScrapedGauge, type Series } from "./scraped-metric.ts";
import { autoscalerLabelNames, SeriesLabels } from "./series-labels.ts";

/** RabbitMQ's `consumer_timeout` where nobody changed it. */
const defaultAckTimeoutSeconds = 1_800;

type Read = (autoscaler: Autoscaler) => number | undefined;

/** One gauge for each autoscaler: name, meaning, and where the value comes from. Unknown = no series. */
const gauges: readonly (readonly [name: string, help: string, read: Read])[] = [
  [
    "replicas_desired",
    "The count that is set on the target.",
    ({ latest }) => latest?.readings?.fleet.desired,
  ],
  ["replicas_current", "Replicas that exist, ready or starting.", currentReplicas],
  ["replicas_ready", "Replicas that take jobs.", ({ latest }) => latest?.readings?.fleet.ready],
  [
    "replicas_recommended",
    "The count that the policy asks for, before limits, holds, pause and DryRun.",
    ({ latest }) => latest?.verdict?.recommended,
  ],
  ["replicas_min", "spec.replicas.min.", ({ resource }) => resource.spec.replicas.min],
  ["replicas_max", "spec.replicas.max.", ({ resource }) => resource.spec.replicas.max],
  [
    "objective_wait_seconds",
    "How long a job may wait.",
    ({ resource }) => resource.spec.objective.waitSeconds,
  ],
  [
    "objective_attainment_ratio",
    "The promised share of jobs that start within the wait.",
    ({ resource }) => resource.spec.objective.attainmentRatio,
  ],
  [
    "objective_service_seconds",
    "The service time above which a person wants to know.",
    ({ resource }) => resource.spec.objective.serviceSeconds,
  ],
  [
    "objective_ack_timeout_seconds",
    "The time after which the broker takes a job back; RabbitMQ's default of 30 minutes where spec.objective says none.",
    ({ resource }) => resource.spec.objective.ackTimeoutSeconds ?? defaultAckTimeoutSeconds,
  ],
  [
    "attainment_ratio",
    "The measured share of jobs that started within the wait.",
    ({ latest }) => latest?.verdict?.estimate.attainmentRatio,
  ],
  [
    "estimate_arrivals_per_second",
    "The estimated arrival rate.",
    ({ latest }) => latest?.verdict?.estimate.arrivalsPerSecond,
  ],
  [
    "estimate_service_seconds",
    "The estimated mean service time.",
    ({ latest }) => latest?.verdict?.estimate.serviceSeconds,
  ],
  [
    "estimate_wait_seconds",
    "The wait that the control step predicts.",
    ({ latest }) => latest?.verdict?.estimate.predictedWaitSeconds,
  ],
  [
    "autoscaler_paused",
    "1 while a person's word keeps the count.",
    ({ latest }) => (latest?.spec === undefined ? undefined : Number(latest.spec.paused !== undefined)),
  ],
];

/** Registers the gauges of single autoscalers, with labels namespace and autoscaler; they are filled at each scrape. */
export function createAutoscalerMetrics(registry: Registry, autoscalers: () => readonly Autoscaler[]): void {
  const labels = new SeriesLabels();
  for (const [name, help, read] of gauges) {
    registerScrapedGauge(registry, {
      name: `millrace_${name}`,
      help,
      labelNames: autoscalerLabelNames,
      series: () =>
        autoscalers().flatMap((autoscaler): readonly Series[] => {
          const value = read(autoscaler);
          return value === undefined ? [] : [{ of: labels.autoscaler(autoscaler), value }];
        }),
    });
  }
  registerScrapedCounter(registry, {
    name: "millrace_pod_restarts_total",
    help: "Restarts of the target's containers, or of a pool's processes, since the operator began to look.",
    labelNames: autoscalerLabelNames,
    series: () =>
      autoscalers().flatMap((autoscaler): readonly Series[] => {
        const fleet = autoscaler.latest?.fleet;
        const value = fleet?.kind === "observed" ? fleet.restarts : undefined;
        return value === undefined ? [] : [{ of: labels.autoscaler(autoscaler), value }];
      }),
  });
  createInfoMetrics(registry, autoscalers, labels);
}

function createInfoMetrics(
  registry: Registry,
  autoscalers: () => readonly Autoscaler[],
  labels: SeriesLabels,
): void {
  registerScrapedGauge(registry, {
    name: "millrace_decision_info",
    help: "1 for the reason and the first limiting factor of the latest verdict.",
    labelNames: [...autoscalerLabelNames, "reason", "limiting_factor"],
    series: () =>
      autoscalers().flatMap((autoscaler): readonly Series[] => {
        const verdict = autoscaler.latest?.verdict;
        if (verdict === undefined) return [];
        const more = { reason: verdict.reason, limiting_factor: verdict.limitedBy[0] ?? "none" };
        return [{ of: labels.autoscaler(autoscaler), more, value: 1 }];
      }),
  });
  registerScrapedGauge(registry, {
    name: "millrace_autoscaler_condition",
    help: "1 for the status (true, false, unknown) that a condition has.",
    labelNames: [...autoscalerLabelNames, "type", "status"],
    series: () =>
      autoscalers().flatMap((autoscaler) =>
        autoscaler.conditions.map(({ type, status }) => ({
          of: labels.autoscaler(autoscaler),
          more: { type, status: status.toLowerCase() },
          value: 1,
        })),
      ),
  });
}

function currentReplicas({ latest }: Autoscaler): number | undefined {
  const fleet = latest?.readings?.fleet;
  return fleet && fleet.ready + fleet.starting.length;
}

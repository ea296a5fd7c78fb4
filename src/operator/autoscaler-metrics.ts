import { Gauge, type Registry } from "prom-client";
import type { Autoscaler } from "./autoscaler.ts";

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
    "ack_timeout_seconds",
    "The time after which the broker takes a job back.",
    ({ resource }) => resource.spec.objective.ackTimeoutSeconds,
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
  for (const [name, help, read] of gauges) {
    registry.registerMetric(
      new Gauge({
        name: `millrace_${name}`,
        help,
        labelNames: ["namespace", "autoscaler"],
        registers: [],
        collect() {
          this.reset();
          for (const autoscaler of autoscalers()) {
            const value = read(autoscaler);
            if (value !== undefined) this.set(labelsOf(autoscaler), value);
          }
        },
      }),
    );
  }
  createInfoMetrics(registry, autoscalers);
}

function createInfoMetrics(registry: Registry, autoscalers: () => readonly Autoscaler[]): void {
  registry.registerMetric(
    new Gauge({
      name: "millrace_decision_info",
      help: "1 for the reason and the first limiting factor of the latest verdict.",
      labelNames: ["namespace", "autoscaler", "reason", "limiting_factor"],
      registers: [],
      collect() {
        this.reset();
        for (const autoscaler of autoscalers()) {
          const verdict = autoscaler.latest?.verdict;
          if (verdict === undefined) continue;
          this.set(
            {
              ...labelsOf(autoscaler),
              reason: verdict.reason,
              limiting_factor: verdict.limitedBy[0] ?? "none",
            },
            1,
          );
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: "millrace_autoscaler_condition",
      help: "1 for the status (true, false, unknown) that a condition has.",
      labelNames: ["namespace", "autoscaler", "type", "status"],
      registers: [],
      collect() {
        this.reset();
        for (const autoscaler of autoscalers()) {
          for (const { type, status } of autoscaler.conditions) {
            this.set({ ...labelsOf(autoscaler), type, status: status.toLowerCase() }, 1);
          }
        }
      },
    }),
  );
}

const labelsOf = ({ resource: { metadata } }: Autoscaler) => ({
  namespace: metadata.namespace,
  autoscaler: metadata.name,
});

function currentReplicas({ latest }: Autoscaler): number | undefined {
  const fleet = latest?.readings?.fleet;
  return fleet && fleet.ready + fleet.starting.length;
}

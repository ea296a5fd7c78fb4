import { Counter, Gauge, type Registry } from "prom-client";

export type KubernetesMetricsSources = {
  /** How often this process took the lease. */
  readonly leaseTransitions: () => number;
  /** Connections to the API server that are open now. */
  readonly openConnections: () => number;
  /** WorkerAutoscalers that cannot be read. */
  readonly rejected: () => number;
};

/** What an operator on a cluster tells beside the operator's own metrics; read when it is scraped. */
export function createKubernetesMetrics(registry: Registry, sources: KubernetesMetricsSources): void {
  const transitions = new Counter({
    name: "millrace_lease_transitions_total",
    help: "How often this operator began to lead.",
    registers: [],
    collect() {
      this.reset();
      this.inc(sources.leaseTransitions());
    },
  });
  const connections = new Gauge({
    name: "millrace_api_connections",
    help: "Connections to the API server that are open now, idle ones included.",
    registers: [],
    collect() {
      this.set(sources.openConnections());
    },
  });
  const rejected = new Gauge({
    name: "millrace_autoscalers_rejected",
    help: "WorkerAutoscalers that cannot be read, for example of a newer version: nothing is decided for them.",
    registers: [],
    collect() {
      this.set(sources.rejected());
    },
  });
  for (const metric of [transitions, connections, rejected]) registry.registerMetric(metric);
}

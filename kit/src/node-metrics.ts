import { collectDefaultMetrics, type Registry } from "prom-client";

/** Gauges with a counter's name, which Prometheus' own check refuses; each has a twin by type that sums up to it. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

/** Registers what Node tells of its process: `nodejs_*` and `process_*`. */
export function collectNodeMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
}

import { Counter, Histogram, type Registry } from "prom-client";
import { registerBuildInfo } from "../../kit/src/build-info.ts";

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** Buckets in seconds, from a confirm on loopback to the confirm deadline. */
const CONFIRM_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the gateway tells Prometheus. Labels are bounded: known job types, error codes, routes, and status codes. */
export function createGatewayMetrics(registry: Registry) {
  const registers = [registry];
  registerBuildInfo(registry, "gateway");
  return {
    accepted: new Counter({
      name: "gateway_jobs_accepted_total",
      help: "Jobs answered with 202, replays of an Idempotency-Key not counted.",
      labelNames: ["type"] as const,
      registers,
    }),
    rejected: new Counter({
      name: "gateway_jobs_rejected_total",
      help: "Submissions answered with an error, by its code; an unknown type has the label unknown.",
      labelNames: ["type", "reason"] as const,
      registers,
    }),
    confirmSeconds: new Histogram({
      name: "gateway_publish_confirm_seconds",
      help: "From writing a job to the broker until its confirm.",
      buckets: CONFIRM_BUCKETS,
      registers,
    }),
    stateEvents: new Counter({
      name: "gateway_state_events_total",
      help: "Messages of the state queue: applied (committed, also when they changed nothing) or unreadable.",
      labelNames: ["outcome"] as const,
      registers,
    }),
    swept: new Counter({
      name: "gateway_outbox_swept_total",
      help: "Rows that the sweeper published again, by what came of it.",
      labelNames: ["outcome"] as const,
      registers,
    }),
    requestSeconds: new Histogram({
      name: "http_request_duration_seconds",
      help: "Time to answer, by method, route pattern and status code.",
      labelNames: ["method", "route", "status"] as const,
      buckets: REQUEST_BUCKETS,
      registers,
    }),
  };
}

import type { Row } from "./dashboard.ts";
import { bars, lines, states, wordsOf } from "./panels.ts";
import { OF_AUTOSCALERS, OF_QUEUES, onQueues, perAutoscaler } from "./query.ts";

const replicas = () =>
  lines(
    {
      title: "Replicas",
      description:
        "The count that is set, those that exist, those that take jobs, and what the policy asks for before limits and holds. Dashed: min and max.",
      unit: "short",
      empty: "The operator has not seen the target yet.",
      width: 12,
    },
    [
      ...(["desired", "current", "ready", "recommended"] as const).map((count) => ({
        expr: perAutoscaler(`millrace_replicas_${count}{${OF_AUTOSCALERS}}`),
        legend: count,
        style: "steps" as const,
      })),
      ...(["min", "max"] as const).map((bound) => ({
        expr: perAutoscaler(`millrace_replicas_${bound}{${OF_AUTOSCALERS}}`),
        legend: bound,
        style: "step-limit" as const,
      })),
    ],
  );

/** Series of a worker belong to the autoscaler whose queue it consumes. */
const workers = (gauge: string): string => `clamp_max(sum by (instance) (${onQueues(gauge)}), 1)`;

const health = () =>
  states(
    {
      title: "Workers",
      description:
        "What each worker does: idle or busy with a slot at the queue, or draining: it takes no more jobs and ends those it has.",
      unit: "none",
      empty: "No worker is scraped.",
      width: 12,
    },
    [
      {
        expr: `2 * ${workers("worker_workers_running")} + on (instance) ${workers("worker_jobs_running")}`,
        legend: "{{instance}}",
      },
    ],
    wordsOf({
      0: { text: "without a slot", color: "red" },
      1: { text: "draining", color: "purple" },
      2: { text: "idle", color: "blue" },
      3: { text: "busy", color: "green" },
    }),
  );

const restarts = () =>
  bars(
    {
      title: "Restarts",
      description:
        "Containers or processes of the target that ended without being asked to and were started anew.",
      unit: "short",
      empty: "The operator has not seen the target yet.",
      width: 8,
    },
    [
      {
        expr: perAutoscaler(`increase(millrace_pod_restarts_total{${OF_AUTOSCALERS}}[$__rate_interval])`),
        legend: "restarts",
      },
    ],
  );

const consumers = () =>
  lines(
    {
      title: "Consumers of a ready replica",
      description: "Fewer than usual: replicas that call themselves ready and do not consume.",
      unit: "short",
      empty: "No replica is ready, or the broker does not tell.",
      width: 8,
    },
    [
      {
        expr: `queue:millrace_consumers:max{${OF_QUEUES}} / on (namespace, autoscaler) group_left () (autoscaler:millrace_replicas_ready:max{${OF_AUTOSCALERS}} > 0)`,
        legend: "{{queue}}",
      },
    ],
  );

const processed = (matchers: string): string =>
  onQueues(
    `sum by (broker, vhost, queue, status) (rate(worker_jobs_processed_total{${matchers}}[$__rate_interval]))`,
  );
const fromBroker = (counter: string): string =>
  `sum (${onQueues(`max by (broker, vhost, queue) (rate(millrace_queue_messages_${counter}_total[$__rate_interval]))`)})`;

const failures = () =>
  lines(
    {
      title: "Jobs that do not succeed",
      description:
        "Shares of the jobs that ended: failed (tried again later), dead-lettered, rejected, interrupted (given back unharmed); and of the deliveries, those that were not the first.",
      unit: "percentunit",
      empty: "No job has ended yet.",
      width: 8,
    },
    [
      {
        expr: `sum by (status) (${processed('status!="succeeded"')}) / on () group_left () (sum (${processed("")}) > 0)`,
        legend: "{{status}}",
      },
      { expr: `${fromBroker("redelivered")} / (${fromBroker("delivered")} > 0)`, legend: "delivered again" },
    ],
  );

export const workerRow = (): Row => ({
  title: "4. Are the workers healthy?",
  panels: [replicas(), health(), restarts(), consumers(), failures()],
});

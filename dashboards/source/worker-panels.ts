import { alertExpr } from "./alerts.ts";
import { columnTable } from "./column-table.ts";
import type { Row } from "./dashboard.ts";
import { bars, GREY, lines, states, wordsOf } from "./panels.ts";
import { OF_AUTOSCALERS, OF_QUEUES, onQueues, perAutoscaler, perQueue } from "./query.ts";

const NOT_SEEN = "The operator has not seen the target yet.";
const count = (name: string): string => perAutoscaler(`millrace_replicas_${name}{${OF_AUTOSCALERS}}`);
const restarted = (window: string): string =>
  perAutoscaler(`increase(millrace_pod_restarts_total{${OF_AUTOSCALERS}}[${window}])`);
/** As the alert has it: fewer ready than ordered, and nothing has moved for ten minutes. */
const unavailable = `(${alertExpr("MillraceReplicasUnavailable")}) and on (namespace, autoscaler) ${count("desired")}`;
const everyTarget = (series: string): string => `group by (namespace, autoscaler) (${series})`;

const replicas = () =>
  lines(
    {
      title: "Replicas",
      description:
        "The count that is set, those that exist, those that take jobs, and what the policy asks for before limits and holds. Dashed: min and max.",
      unit: "short",
      empty: NOT_SEEN,
      width: 12,
    },
    [
      ...(["desired", "current", "ready", "recommended"] as const).map((name) => ({
        expr: count(name),
        legend: name,
        style: "steps" as const,
      })),
      ...(["min", "max"] as const).map((bound) => ({
        expr: count(bound),
        legend: bound,
        style: "step-limit" as const,
      })),
    ],
  );

const health = () =>
  states(
    {
      title: "Health of the replicas",
      description:
        "What the operator sees of the target, in whatever language its workers are written: at zero, all ready, some starting, some not ready although nothing has moved for ten minutes (the expression of MillraceReplicasUnavailable), or restarted.",
      unit: "none",
      empty: NOT_SEEN,
      width: 12,
    },
    [
      {
        expr: [
          `4 * ${everyTarget(`${restarted("$__rate_interval")} > 0`)}`,
          `3 * ${everyTarget(unavailable)}`,
          `2 * ${everyTarget(`${count("ready")} < ${count("desired")}`)}`,
          everyTarget(`${count("desired")} > 0`),
          `0 * ${everyTarget(count("desired"))}`,
        ].join(" or "),
        legend: "{{autoscaler}}",
      },
    ],
    wordsOf({
      0: { text: "at zero", color: GREY },
      1: { text: "ready", color: "green" },
      2: { text: "starting", color: "blue" },
      3: { text: "not ready", color: "orange" },
      4: { text: "restarted", color: "red" },
    }),
  );

const inNumbers = () =>
  columnTable(
    {
      title: "Replicas in numbers",
      description:
        "Ordered, ready, starting (there and not ready yet), missing (ordered and not created, as by a quota), and restarted in the shown time.",
      empty: NOT_SEEN,
      width: 12,
    },
    ["namespace", "autoscaler"],
    [
      { name: "Ordered", expr: count("desired"), unit: "short" },
      { name: "Ready", expr: count("ready"), unit: "short" },
      { name: "Starting", expr: `${count("current")} - ${count("ready")}`, unit: "short" },
      {
        name: "Missing",
        expr: `clamp_min(${count("desired")} - ${count("current")}, 0)`,
        unit: "short",
      },
      { name: "Restarted", expr: `round(${restarted("$__range")})`, unit: "short" },
    ],
  );

/** Series of a worker belong to the autoscaler whose queue it consumes. */
const workers = (gauge: string): string => `clamp_max(sum by (instance) (${onQueues(gauge)}), 1)`;

const slots = () =>
  states(
    {
      title: "Workers",
      description:
        "What each worker of Millrace's kit does: idle or busy with a slot at the queue, or draining: it takes no more jobs and ends those it has.",
      unit: "none",
      empty: "No worker is scraped that exports its own metrics.",
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
      empty: NOT_SEEN,
      width: 8,
    },
    [{ expr: restarted("$__rate_interval"), legend: "restarts" }],
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
  `sum (${onQueues(perQueue(`rate(millrace_queue_messages_${counter}_total[$__rate_interval])`))})`;

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
  panels: [replicas(), health(), inNumbers(), slots(), restarts(), consumers(), failures()],
});

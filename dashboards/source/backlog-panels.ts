import { dataLink, figures, gauges, lines, stacked } from "./panels.ts";
import type { Row } from "./dashboard.ts";
import { queueUrl } from "./links.ts";
import { OF_AUTOSCALERS, OF_QUEUES, OF_WORKERS, onQueues, perAutoscaler, perQueue } from "./query.ts";

const onlyThisQueue = () => dataLink("Only this queue", queueUrl());
const promisedWait = perQueue(`millrace_queue_objective_wait_seconds{${OF_QUEUES}}`);

const backlog = () =>
  stacked(
    {
      title: "Backlog",
      description:
        "Messages that wait in each queue, as the operator last saw them. Blue marks are changes of the count, red ones firing alerts.",
      unit: "short",
      empty: "Nothing is known of these queues.",
      width: 12,
    },
    [{ expr: `queue:millrace_messages_ready:max{${OF_QUEUES}}`, legend: "{{queue}}" }],
  ).dataLinks([onlyThisQueue()]);

const waits = () =>
  lines(
    {
      title: "Wait against the promise",
      description:
        "How long a job waits: expected for one that is published now (what waits, divided by what ends in a second), as the operator predicts it, the measured 95th percentile, and how long the first in line has waited where the broker knows it. Dashed: the promise. Points are single jobs, with their ids and traces; those of one queue when one is chosen, of all in this Prometheus otherwise.",
      unit: "s",
      empty: "Nothing is known of these queues.",
      width: 12,
    },
    [
      { expr: `queue:millrace_drain_seconds:estimate5m{${OF_QUEUES}}`, legend: "expected {{queue}}" },
      { expr: promisedWait, legend: "promised {{queue}}", style: "limit" },
      {
        expr: `max (millrace_estimate_wait_seconds{${OF_AUTOSCALERS}})`,
        legend: "predicted by the operator",
      },
      {
        expr: `histogram_quantile(0.95, ${onQueues(`sum by (broker, vhost, queue, le) (rate(worker_job_wait_seconds_bucket{${OF_WORKERS}}[$__rate_interval]))`)})`,
        legend: "measured p95 {{queue}}",
        exemplars: true,
      },
      {
        expr: onQueues(perQueue("millrace_queue_oldest_message_age_seconds")),
        legend: "first in line {{queue}}",
      },
    ],
  ).dataLinks([onlyThisQueue()]);

const running = () =>
  lines(
    {
      title: "Jobs in progress and jobs that end",
      description:
        "Jobs that run (left) and jobs that end in a second (right). More in progress with no more ending: they run without finishing.",
      unit: "short",
      empty: "Neither workers nor broker tell what runs.",
      width: 12,
    },
    [
      { expr: `queue:millrace_jobs_running:estimate{${OF_QUEUES}}`, legend: "in progress {{queue}}" },
      {
        expr: `queue:millrace_jobs_finished:rate5m{${OF_QUEUES}}`,
        legend: "ending {{queue}}",
        style: "rate",
      },
    ],
  );

const oldest = () =>
  gauges(
    {
      title: "Oldest job in progress",
      description:
        "How long the oldest job of each queue has been running, beside the time after which the broker takes a job back (objective.ackTimeoutSeconds).",
      unit: "s",
      empty: "No job runs, or the workers do not tell.",
      width: 12,
    },
    [
      {
        expr: onQueues(
          "time() - min by (broker, vhost, queue) (worker_oldest_running_job_start_timestamp_seconds > 0)",
        ),
        legend: "{{queue}}",
      },
      {
        expr: `max (millrace_objective_ack_timeout_seconds{${OF_AUTOSCALERS}})`,
        legend: "the broker takes it back",
      },
    ],
  );

const late = () =>
  lines(
    {
      title: "Late jobs",
      description:
        "The share of the last hour's jobs that started after the promised wait. Dashed: the share that the promise allows, and those from which it pages.",
      unit: "percentunit",
      empty: "No job has started yet.",
      width: 12,
    },
    [
      {
        expr: `queue:millrace_late_jobs:ratio_rate1h{${OF_QUEUES}}`,
        legend: "late {{queue}}",
        style: "filled",
      },
      { expr: `autoscaler:millrace_wait_budget:ratio{${OF_AUTOSCALERS}}`, legend: "allowed", style: "limit" },
      {
        expr: `autoscaler:millrace_wait_budget_slow_threshold:ratio{${OF_AUTOSCALERS}}`,
        legend: "pages when it lasts six hours",
        style: "limit",
      },
      {
        expr: `autoscaler:millrace_wait_budget_fast_threshold:ratio{${OF_AUTOSCALERS}}`,
        legend: "pages when it lasts an hour",
        style: "limit",
      },
    ],
  ).max(1);

const kept = () =>
  figures(
    {
      title: "The promise, kept",
      description:
        "The share of jobs that started in time, as the operator measures it, what is promised, and how much of the last three days' allowance for late jobs is left in the worst queue (below zero: overdrawn).",
      unit: "percentunit",
      empty: "Not measured yet.",
      width: 12,
    },
    [
      { expr: perAutoscaler(`millrace_attainment_ratio{${OF_AUTOSCALERS}}`), legend: "in time" },
      {
        expr: perAutoscaler(`millrace_objective_attainment_ratio{${OF_AUTOSCALERS}}`),
        legend: "promised",
      },
      {
        expr: `1 - max (queue:millrace_late_jobs:ratio_rate3d{${OF_QUEUES}}) / max (autoscaler:millrace_wait_budget:ratio{${OF_AUTOSCALERS}})`,
        legend: "allowance left",
      },
    ],
  );

export const backlogRow = (): Row => ({
  title: "1. Are many jobs running without finishing?",
  panels: [backlog(), waits(), running(), oldest(), late(), kept()],
});

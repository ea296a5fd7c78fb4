import type { Row } from "./dashboard.ts";
import { heatmap, lines } from "./panels.ts";
import { OF_AUTOSCALERS, OF_QUEUES, OF_WORKERS, onQueues, perAutoscaler, perQueue } from "./query.ts";

const quantile = (part: string): string =>
  `queue:millrace_job_duration_seconds:${part}_rate10m{${OF_QUEUES}}`;
const NOT_MEASURED = "The workers export no durations, or no job has ended yet.";

const durations = () =>
  lines(
    {
      title: "Processing time",
      description:
        "How long jobs run, from the workers' histograms; the mean by Little's law where workers export nothing (with prefetched messages it includes their time in the worker's buffer). Dashed: objective.serviceSeconds.",
      unit: "s",
      empty: NOT_MEASURED,
      width: 12,
    },
    [
      { expr: quantile("p50"), legend: "p50 {{queue}}" },
      { expr: quantile("p95"), legend: "p95 {{queue}}" },
      { expr: quantile("p99"), legend: "p99 {{queue}}" },
      { expr: `queue:millrace_service_seconds:littles_law5m{${OF_QUEUES}}`, legend: "mean {{queue}}" },
      {
        expr: perAutoscaler(`millrace_objective_service_seconds{${OF_AUTOSCALERS}}`),
        legend: "still acceptable",
        style: "limit",
      },
    ],
  );

const spread = () =>
  heatmap(
    {
      title: "Spread of processing times",
      description:
        "How many jobs a second took how long. Two bands are two kinds of jobs, which one mean would hide. Points are single jobs, with their ids and traces; those of one queue when one is chosen, of all in this Prometheus otherwise.",
      unit: "s",
      empty: NOT_MEASURED,
      width: 12,
    },
    {
      expr: `sum by (le) (${onQueues(`sum by (broker, vhost, queue, le) (rate(worker_job_duration_seconds_bucket{${OF_WORKERS}}[$__rate_interval]))`)})`,
      exemplars: true,
    },
  );

const growth = () =>
  lines(
    {
      title: "Processing time against a week ago",
      description:
        "The 95th percentile of the last hour as a share of that of the same hour a week ago. Dashed: as then, and the 150 % from which MillraceJobDurationGrowing warns.",
      unit: "percentunit",
      empty: "Needs a week of history.",
      width: 12,
    },
    [
      {
        expr: `avg_over_time(${quantile("p95")}[1h]) / avg_over_time(${quantile("p95")}[1h] offset 1w)`,
        legend: "{{queue}}",
      },
      { expr: "vector(1)", legend: "as a week ago", style: "limit" },
      { expr: "vector(1.5)", legend: "growing", style: "limit" },
    ],
  );

const inTime = () =>
  lines(
    {
      title: "Jobs that start in time",
      description:
        "The share of jobs that started within the promised wait. Dashed: the share that is promised.",
      unit: "percentunit",
      empty: "No job has started, or the promised wait is no bucket edge of the workers' histogram.",
      width: 12,
    },
    [
      {
        expr: `${perQueue(`rate(millrace_jobs_started_in_time_total{${OF_QUEUES}}[$__rate_interval])`)} / ${perQueue(`rate(millrace_jobs_started_total{${OF_QUEUES}}[$__rate_interval])`)}`,
        legend: "{{queue}}",
      },
      {
        expr: perAutoscaler(`millrace_objective_attainment_ratio{${OF_AUTOSCALERS}}`),
        legend: "promised",
        style: "limit",
      },
    ],
  ).max(1);

export const durationRow = (): Row => ({
  title: "3. Is the processing time growing, and is it still acceptable?",
  panels: [durations(), spread(), growth(), inTime()],
});

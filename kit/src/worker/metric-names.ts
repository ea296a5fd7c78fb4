/** The names of the workers' metrics, once: the exporter registers them and the operator's PromQL asks for them. */
export const WORKER_METRICS = {
  jobsStarted: "worker_jobs_started_total",
  jobsProcessed: "worker_jobs_processed_total",
  jobsRunning: "worker_jobs_running",
  workersRunning: "worker_workers_running",
  busySeconds: "worker_busy_seconds_total",
  jobDurationSeconds: "worker_job_duration_seconds",
  jobWaitSeconds: "worker_job_wait_seconds",
  queueDepth: "worker_queue_depth",
  oldestRunningJobStart: "worker_oldest_running_job_start_timestamp_seconds",
  linkState: "worker_link_state",
  processStart: "process_start_time_seconds",
} as const;

/** Values of the label `status` of jobs processed and of job durations. */
export const JOB_STATUSES = ["succeeded", "failed", "dead_lettered", "interrupted", "rejected"] as const;
/**
 * - succeeded
 * - failed: will be retried
 * - dead_lettered: a handler ran, and no attempt follows
 * - interrupted: stopped through no fault of the job, or snoozed; will be run again
 * - rejected: dead-lettered without a handler (unknown type, invalid payload)
 */
export type ProcessedStatus = (typeof JOB_STATUSES)[number];

/** Upper edges of the wait histogram, ascending, to which the objectives' own seconds are added. */
export const WAIT_EDGES_SECONDS: readonly number[] = [
  0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600,
];

/** Upper edges of the service-time histogram, ascending: up to twelve hours. */
export const DURATION_EDGES_SECONDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400,
  43_200,
];

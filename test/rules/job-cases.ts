import { type AlertCase, gauge, perMinute, queue } from "./alert-case.ts";
import { foreignWorkers, type Samples, type World } from "./worlds.ts";

const stillDurations = (slowPerMinute: number): World => ({
  'worker_job_duration_seconds_bucket{status="succeeded",le="1"}': perMinute(0),
  'worker_job_duration_seconds_bucket{status="succeeded",le="2.5"}': perMinute(594 - slowPerMinute),
  'worker_job_duration_seconds_bucket{status="succeeded",le="60"}': perMinute(594),
});
/** Buckets of jobs that end within two hours, and within four. */
const durationsOfHours = (twoHours: Samples, fourHours: Samples): World => ({
  'worker_job_duration_seconds_bucket{status="succeeded",le="1"}': undefined,
  'worker_job_duration_seconds_bucket{status="succeeded",le="2.5"}': undefined,
  'worker_job_duration_seconds_bucket{status="succeeded",le="3600"}': gauge(0),
  'worker_job_duration_seconds_bucket{status="succeeded",le="7200"}': twoHours,
  'worker_job_duration_seconds_bucket{status="succeeded",le="14400"}': fourHours,
  'worker_job_duration_seconds_bucket{status="succeeded",le="+Inf"}': fourHours,
  millrace_objective_service_seconds: gauge(7_200),
});

export const jobCases: readonly AlertCase[] = [
  {
    alert: "MillraceJobDurationHigh",
    fires: stillDurations(300),
    labels: queue,
    byMinute: 30,
    quiet: {
      "no limit is given": { ...stillDurations(300), millrace_objective_service_seconds: undefined },
      "few are slow": stillDurations(10),
    },
  },
  {
    alert: "MillraceJobDurationHigh",
    // Ten run and one ends every 60 s: 600 s each, without a word from the workers.
    fires: { ...foreignWorkers, millrace_queue_messages_acked_total: perMinute(1) },
    labels: queue,
    byMinute: 30,
    quiet: { "fast ones": foreignWorkers },
  },
  {
    alert: "MillraceJobDurationHigh",
    // One job of three hours or so ends every fifty minutes; two hours are allowed.
    fires: durationsOfHours(gauge(0), { values: "0x40 1x50 2x50 3x300" }),
    labels: queue,
    byMinute: 70,
    notBeforeMinute: 54,
    quiet: {
      "jobs of an hour and a half": durationsOfHours(
        { values: "0x40 1x50 2x50 3x300" },
        { values: "0x40 1x50 2x50 3x300" },
      ),
    },
    // What is known of the last six hours counts.
    clearsWithinMinutes: 15,
  },
  {
    alert: "MillraceJobDurationGrowing",
    // Five jobs an hour, of an hour and a half for a week, and then of three.
    fires: {
      ...durationsOfHours({ values: "0+0.336x2550 856.8x400" }, { values: "0+0.336x3000" }),
      'worker_job_duration_seconds_bucket{status="succeeded",le="3600"}': gauge(0),
      millrace_queue_messages_acked_total: { values: "0+0.336x3000" },
    },
    labels: queue,
    byMinute: 10_640,
    stepMinutes: 4,
    clearsWithinMinutes: 420,
    quiet: {},
  },
  {
    alert: "MillraceJobDurationGrowing",
    fires: {
      ...stillDurations(0),
      'worker_job_duration_seconds_bucket{status="succeeded",le="1"}': { values: "0+2376x2530 6011280x400" },
      'worker_job_duration_seconds_bucket{status="succeeded",le="2.5"}': { values: "0+2376x3000" },
      'worker_job_duration_seconds_bucket{status="succeeded",le="60"}': { values: "0+2376x3000" },
      'worker_job_duration_seconds_bucket{status="succeeded",le="+Inf"}': { values: "0+2376x3000" },
    },
    labels: queue,
    clearsWithinMinutes: 120,
    byMinute: 10_320,
    stepMinutes: 4,
    quiet: { "the same as ever": stillDurations(300) },
  },
  {
    alert: "MillraceJobStuck",
    // Beside another pod whose oldest job is young.
    fires: { 'worker_oldest_running_job_start_timestamp_seconds{pod="orders-2"}': gauge(60) },
    labels: queue,
    byMinute: 40,
    notBeforeMinute: 24,
    quiet: {
      "no timeout is given": {
        worker_oldest_running_job_start_timestamp_seconds: gauge(60),
        millrace_objective_ack_timeout_seconds: undefined,
      },
    },
  },
  {
    alert: "MillraceJobFailureRatioHigh",
    fires: { 'worker_jobs_processed_total{status="failed"}': perMinute(60) },
    labels: queue,
    byMinute: 30,
    notBeforeMinute: 9,
    quiet: {
      "interrupted ones are no failures": {
        'worker_jobs_processed_total{status="interrupted"}': perMinute(600),
      },
      "too few to tell": {
        'worker_jobs_processed_total{status="succeeded"}': perMinute(0),
        'worker_jobs_processed_total{status="failed"}': perMinute(1),
      },
    },
  },
  {
    alert: "MillraceJobFailureRatioHigh",
    // Jobs of an hour: ten end in an hour, one of them badly.
    fires: {
      millrace_estimate_service_seconds: gauge(3_600),
      'worker_jobs_processed_total{status="succeeded"}': perMinute(0.15),
      'worker_jobs_processed_total{status="failed"}': perMinute(0.015),
    },
    labels: queue,
    byMinute: 200,
    clearsWithinMinutes: 30,
    quiet: {
      "too few to tell": {
        millrace_estimate_service_seconds: gauge(3_600),
        'worker_jobs_processed_total{status="succeeded"}': perMinute(0.01),
        'worker_jobs_processed_total{status="failed"}': perMinute(0.01),
      },
      "short jobs, and too few in ten minutes to tell": {
        'worker_jobs_processed_total{status="succeeded"}': perMinute(0.9),
        'worker_jobs_processed_total{status="failed"}': perMinute(0.1),
      },
    },
  },
  {
    alert: "MillraceRedeliveryRatioHigh",
    fires: { millrace_queue_messages_redelivered_total: perMinute(90) },
    labels: queue,
    byMinute: 30,
    quiet: { "few are": { millrace_queue_messages_redelivered_total: perMinute(30) } },
  },
];

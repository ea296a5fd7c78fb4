import { OPERATOR, QUEUE, SUBJECT, foreignWorkers, hourLong, type Samples, type World } from "./worlds.ts";

export type AlertCase = {
  readonly alert: string;
  /** What differs from a healthy world. */
  readonly fires: World;
  /** Of the alert that fires, beside alertname and severity. */
  readonly labels: Readonly<Record<string, string>>;
  /** By what they are like: worlds close to the one that fires, in which it must not. */
  readonly quiet: Readonly<Record<string, World>>;
  /** Minutes until it fires at the latest, and those at the earliest. */
  readonly byMinute: number;
  readonly notBeforeMinute?: number;
  /** Of scrapes and evaluations; more for windows of days. */
  readonly stepMinutes?: number;
  /** After all series are gone; default 15, more where a window is longer. */
  readonly clearsWithinMinutes?: number;
  /** When all series are gone: an alert about their absence fires then. */
  readonly whenAllVanish?: "fires";
};

const gauge = (value: number): Samples => ({ gauge: value });
const perMinute = (value: number): Samples => ({ perMinute: value });
const queue = { ...SUBJECT, ...QUEUE };
const backlog = (ready: number): World => ({ millrace_queue_messages_ready: gauge(ready) });
const late = (inTimePerMinute: number): World => ({
  millrace_jobs_started_in_time_total: perMinute(inTimePerMinute),
});
const paused: World = { millrace_autoscaler_paused: gauge(1) };
const nothingEnds: World = {
  ...foreignWorkers,
  millrace_queue_messages_ready: gauge(50),
  millrace_queue_messages_acked_total: gauge(600),
};
const growing: World = {
  millrace_queue_messages_ready: { values: "0+120x400" },
  millrace_replicas_current: gauge(20),
};
const stillDurations = (slowPerMinute: number): World => ({
  'worker_job_duration_seconds_bucket{status="succeeded",le="1"}': perMinute(0),
  'worker_job_duration_seconds_bucket{status="succeeded",le="2.5"}': perMinute(594 - slowPerMinute),
  'worker_job_duration_seconds_bucket{status="succeeded",le="60"}': perMinute(594),
});

const backlogCases: readonly AlertCase[] = [
  {
    alert: "MillraceBacklogWaitHigh",
    fires: backlog(900),
    labels: queue,
    byMinute: 30,
    notBeforeMinute: 9,
    quiet: {
      "a backlog that is worked off within the promise": backlog(500),
      paused: { ...backlog(900), ...paused },
    },
  },
  {
    alert: "MillraceBacklogWaitHigh",
    // Twenty run for an hour each: a hundred that wait need five hours, whether one ended within five minutes or not.
    fires: { ...hourLong, ...backlog(100), millrace_queue_messages_acked_total: gauge(40) },
    labels: queue,
    byMinute: 30,
    quiet: { "a few wait": { ...hourLong, ...backlog(3), millrace_queue_messages_acked_total: gauge(40) } },
  },
  {
    alert: "MillraceBacklogWaitCritical",
    fires: backlog(6_000),
    labels: queue,
    byMinute: 30,
    notBeforeMinute: 4,
    quiet: { "late, but less than five times": backlog(900), paused: { ...backlog(6_000), ...paused } },
  },
  {
    alert: "MillraceWaitBudgetBurnFast",
    fires: late(100),
    labels: queue,
    byMinute: 70,
    quiet: {
      "late within the threshold": late(300),
      "as late as the objective allows": late(571),
      "one late job in an hour": {
        millrace_jobs_started_total: { values: "0x30 1x400" },
        millrace_jobs_started_in_time_total: gauge(0),
      },
      "twelve late jobs, and no others": {
        millrace_jobs_started_total: { values: "0x30 0+1x12 12x400" },
        millrace_jobs_started_in_time_total: gauge(0),
      },
      paused: { ...late(100), ...paused },
    },
  },
  {
    alert: "MillraceWaitBudgetBurnFast",
    // 14.4 times this budget is more than all jobs, and all are late.
    fires: { ...late(0), millrace_objective_attainment_ratio: gauge(0.9) },
    labels: queue,
    byMinute: 70,
    quiet: {
      "hardly anything is promised, and that is kept": {
        ...late(36),
        millrace_objective_attainment_ratio: gauge(0.05),
      },
    },
  },
  {
    alert: "MillraceWaitBudgetBurn",
    // Six times this budget is more than all jobs.
    fires: { ...late(30), millrace_objective_attainment_ratio: gauge(0.8) },
    labels: queue,
    byMinute: 60,
    quiet: {
      "as late as the objective allows": {
        ...late(480),
        millrace_objective_attainment_ratio: gauge(0.8),
      },
    },
  },
  {
    alert: "MillraceWaitBudgetBurn",
    fires: late(300),
    labels: queue,
    byMinute: 60,
    quiet: { "late within the threshold": late(450), paused: { ...late(300), ...paused } },
  },
  {
    alert: "MillraceWaitBudgetBurnSlow",
    fires: late(540),
    labels: queue,
    byMinute: 4_000,
    stepMinutes: 4,
    quiet: { "as late as the objective allows": late(571), paused: { ...late(540), ...paused } },
  },
  {
    alert: "MillraceBacklogGrowingAtMax",
    fires: growing,
    labels: queue,
    byMinute: 45,
    quiet: {
      "replicas to spare": { ...growing, millrace_replicas_current: gauge(19) },
      "at the maximum with a steady backlog": { ...growing, ...backlog(5_000) },
      "growing within the promise": { ...growing, millrace_queue_messages_ready: { values: "0+1x400" } },
      paused: { ...growing, ...paused },
    },
  },
  {
    alert: "MillraceQueueStalled",
    fires: { ...nothingEnds, millrace_queue_messages_unacked: gauge(2) },
    labels: queue,
    byMinute: 30,
    notBeforeMinute: 9,
    quiet: {
      "all consumers are busy and no service time is known": nothingEnds,
      "nobody consumes, which is another alert's": {
        ...nothingEnds,
        millrace_queue_messages_unacked: gauge(0),
        millrace_queue_consumers: gauge(0),
      },
      "some end": {
        ...nothingEnds,
        millrace_queue_messages_unacked: gauge(2),
        millrace_queue_messages_acked_total: perMinute(1),
      },
      paused: { ...nothingEnds, millrace_queue_messages_unacked: gauge(2), ...paused },
    },
  },
  {
    alert: "MillraceQueueStalled",
    // Jobs of one second ended for half an hour, and then every consumer hangs with one.
    fires: { ...nothingEnds, millrace_queue_messages_acked_total: { values: "0+600x30 18000x400" } },
    labels: queue,
    byMinute: 75,
    notBeforeMinute: 40,
    quiet: {
      "jobs of twenty minutes": {
        ...nothingEnds,
        millrace_queue_messages_acked_total: { values: "0+1x30 30x20 30+1x400" },
        millrace_queue_messages_unacked: gauge(20),
        millrace_queue_consumers: gauge(20),
      },
      "jobs of twenty minutes, after the operator was away": {
        ...nothingEnds,
        millrace_queue_messages_acked_total: { values: "0+1x40 stale _x5 0x20 1+1x300" },
        millrace_queue_messages_unacked: gauge(20),
        millrace_queue_consumers: gauge(20),
      },
    },
  },
  {
    alert: "MillraceQueueStalled",
    // One of fifteen ended each minute, that is fifteen minutes each, and then none does for more than an hour.
    fires: {
      ...nothingEnds,
      millrace_queue_messages_acked_total: { values: "0+1x60 60x400" },
      millrace_queue_messages_unacked: gauge(15),
      millrace_queue_consumers: gauge(15),
    },
    labels: queue,
    byMinute: 150,
    notBeforeMinute: 120,
    quiet: { "all consumers are busy and no service time is known": nothingEnds },
  },
  {
    alert: "MillraceQueueStalled",
    // Nothing was ever measured, and none has ended for six hours.
    fires: nothingEnds,
    labels: queue,
    byMinute: 400,
    notBeforeMinute: 360,
    quiet: {
      "jobs of three hours": {
        ...nothingEnds,
        millrace_queue_messages_acked_total: { values: "600x180 601x600" },
      },
    },
  },
  {
    alert: "MillraceQueueHasNoConsumers",
    fires: { ...foreignWorkers, millrace_queue_consumers: gauge(0) },
    labels: queue,
    byMinute: 15,
    notBeforeMinute: 4,
    quiet: {
      "nothing waits": { millrace_queue_consumers: gauge(0), ...backlog(0) },
      paused: { millrace_queue_consumers: gauge(0), ...paused },
    },
  },
];

const jobCases: readonly AlertCase[] = [
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
    alert: "MillraceRedeliveryRatioHigh",
    fires: { millrace_queue_messages_redelivered_total: perMinute(90) },
    labels: queue,
    byMinute: 30,
    quiet: { "few are": { millrace_queue_messages_redelivered_total: perMinute(30) } },
  },
];

const autoscalerCases: readonly AlertCase[] = [
  {
    alert: "MillraceReplicasUnavailable",
    fires: { millrace_replicas_ready: gauge(8) },
    labels: SUBJECT,
    byMinute: 30,
    notBeforeMinute: 14,
    quiet: {
      "more become ready all the time": {
        millrace_replicas_ready: { values: "0x8 1x8 2x8 3x8 4x8 5x8 6x400" },
        millrace_replicas_desired: { values: "6x400" },
      },
      paused: { millrace_replicas_ready: gauge(8), ...paused },
    },
  },
  {
    alert: "MillraceCrashLooping",
    fires: { millrace_pod_restarts_total: perMinute(1) },
    labels: SUBJECT,
    clearsWithinMinutes: 30,
    byMinute: 30,
    quiet: { "one restart": { millrace_pod_restarts_total: { values: "0x20 1x400" } } },
  },
  {
    alert: "MillraceAutoscalerFlapping",
    fires: {
      'millrace_scale_events_total{direction="out",reason="load"}': perMinute(0.5),
      'millrace_scale_events_total{direction="in",reason="idle"}': perMinute(0.5),
    },
    labels: SUBJECT,
    clearsWithinMinutes: 35,
    byMinute: 60,
    quiet: {
      "a long way up": { 'millrace_scale_events_total{direction="out",reason="load"}': perMinute(1) },
    },
  },
  {
    alert: "MillraceScaleFailing",
    fires: { 'millrace_scale_errors_total{outcome="failed"}': perMinute(2) },
    labels: SUBJECT,
    byMinute: 30,
    quiet: {
      "conflicts are tried again": { 'millrace_scale_errors_total{outcome="conflict"}': perMinute(2) },
    },
  },
  {
    alert: "MillraceTargetConflict",
    fires: { 'millrace_autoscaler_condition{type="TargetConflict",status="true"}': gauge(1) },
    labels: SUBJECT,
    byMinute: 10,
    notBeforeMinute: 4,
    quiet: {
      "another condition is true": { 'millrace_autoscaler_condition{type="Ready",status="true"}': gauge(1) },
    },
  },
  {
    alert: "MillraceObjectiveInfeasible",
    fires: { 'millrace_autoscaler_condition{type="ObjectiveFeasible",status="false"}': gauge(1) },
    labels: SUBJECT,
    byMinute: 40,
    notBeforeMinute: 29,
    quiet: {
      "for a while": {
        'millrace_autoscaler_condition{type="ObjectiveFeasible",status="false"}': { values: "1x20 stale" },
      },
    },
  },
];

const operatorCases: readonly AlertCase[] = [
  {
    alert: "MillraceBrokerPollStale",
    fires: { millrace_broker_last_success_timestamp_seconds: gauge(0) },
    labels: OPERATOR,
    byMinute: 10,
    quiet: { "no broker is asked": { millrace_broker_last_success_timestamp_seconds: undefined } },
  },
  {
    alert: "MillraceWorkerMetricsStale",
    fires: { millrace_workers_last_success_timestamp_seconds: gauge(0) },
    labels: OPERATOR,
    byMinute: 15,
    quiet: { "no Prometheus is asked": { millrace_workers_last_success_timestamp_seconds: undefined } },
  },
  {
    alert: "MillraceOperatorDown",
    fires: { 'millrace_build_info{component="operator",version="1.0.0"}': undefined },
    labels: { component: "operator" },
    byMinute: 10,
    notBeforeMinute: 4,
    quiet: {
      "away for three minutes": {
        'millrace_build_info{component="operator",version="1.0.0"}': { values: "1x20 stale _x2 1x400" },
      },
    },
    whenAllVanish: "fires",
  },
  {
    alert: "MillraceOperatorNoLeader",
    fires: { millrace_operator_leader: gauge(0) },
    labels: OPERATOR,
    byMinute: 10,
    notBeforeMinute: 4,
    quiet: { "three minutes without one": { millrace_operator_leader: { values: "1x20 0x2 1x400" } } },
  },
  {
    alert: "MillraceReconcileErrors",
    fires: { millrace_reconcile_errors_total: perMinute(2) },
    labels: OPERATOR,
    byMinute: 40,
    quiet: { "two in all": { millrace_reconcile_errors_total: { values: "0x20 2x400" } } },
  },
  {
    alert: "MillraceAutoscalersRejected",
    fires: { millrace_autoscalers_rejected: gauge(1) },
    labels: OPERATOR,
    byMinute: 20,
    notBeforeMinute: 9,
    quiet: { "for a while": { millrace_autoscalers_rejected: { values: "1x5 0x400" } } },
  },
];

export const alertCases: readonly AlertCase[] = [
  ...backlogCases,
  ...jobCases,
  ...autoscalerCases,
  ...operatorCases,
];

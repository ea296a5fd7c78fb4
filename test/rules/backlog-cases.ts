import { type AlertCase, gauge, paused, perMinute, queue } from "./alert-case.ts";
import { foreignWorkers, hourLong, type World } from "./worlds.ts";

const backlog = (ready: number): World => ({ millrace_queue_messages_ready: gauge(ready) });
const late = (inTimePerMinute: number): World => ({
  millrace_jobs_started_in_time_total: perMinute(inTimePerMinute),
});
const nothingEnds: World = {
  ...foreignWorkers,
  millrace_queue_messages_ready: gauge(50),
  millrace_queue_messages_acked_total: gauge(600),
};
const growing: World = {
  millrace_queue_messages_ready: { values: "0+120x400" },
  millrace_replicas_current: gauge(20),
};

export const backlogCases: readonly AlertCase[] = [
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
    // New, and late from the first job on.
    fires: late(100),
    labels: queue,
    byMinute: 70,
    notBeforeMinute: 16,
    quiet: {
      "new, and late for the first ten minutes": {
        millrace_jobs_started_in_time_total: { values: "0x10 0+600x400" },
      },
      "new, workers that export nothing, and late for the first ten minutes": {
        ...foreignWorkers,
        millrace_queue_messages_ready: { values: "6000x10 5x400" },
      },
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
    // In time for two hours, and then all are late: 0.72 of an hour is reached after 43 minutes.
    fires: { millrace_jobs_started_in_time_total: { values: "0+600x120 72000x400" } },
    labels: queue,
    byMinute: 120 + 43 + 2 + 3,
    notBeforeMinute: 120 + 43,
    quiet: {},
  },
  {
    alert: "MillraceWaitBudgetBurnFast",
    // The same by the wait of the queue.
    fires: { ...foreignWorkers, millrace_queue_messages_ready: { values: "5x120 6000x400" } },
    labels: queue,
    byMinute: 120 + 44 + 2 + 3,
    notBeforeMinute: 120 + 43,
    quiet: {},
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
    byMinute: 90,
    quiet: {
      "as late as the objective allows": {
        ...late(480),
        millrace_objective_attainment_ratio: gauge(0.8),
      },
    },
  },
  {
    alert: "MillraceWaitBudgetBurn",
    // New, and late from the first job on.
    fires: late(300),
    labels: queue,
    byMinute: 90,
    notBeforeMinute: 60,
    quiet: {
      "late within the threshold": late(450),
      "new, and late for the first forty minutes": {
        millrace_jobs_started_in_time_total: { values: "0x40 0+600x400" },
      },
      paused: { ...late(300), ...paused },
    },
  },
  {
    alert: "MillraceWaitBudgetBurn",
    // In time for seven hours, and then all are late: 0.3 of six hours is reached after 108 minutes.
    fires: { millrace_jobs_started_in_time_total: { values: "0+600x420 252000x400" } },
    labels: queue,
    byMinute: 420 + 108 + 15 + 3,
    notBeforeMinute: 420 + 108 + 14,
    quiet: {},
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
      "jobs that may run for seven hours, by objective.serviceSeconds": {
        ...nothingEnds,
        millrace_objective_service_seconds: gauge(25_200),
      },
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

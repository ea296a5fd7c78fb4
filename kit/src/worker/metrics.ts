import { Counter, Gauge, type Registry } from "prom-client";
import { registerBuildInfo } from "../build-info.ts";
import { BatchedCounter } from "./batched-counter.ts";
import { BucketHistogram } from "./bucket-histogram.ts";
import { LINK_STATES, type LinkState } from "../amqp/link.ts";
import {
  DURATION_EDGES_SECONDS,
  type ProcessedStatus,
  WAIT_EDGES_SECONDS,
  WORKER_METRICS,
} from "./metric-names.ts";
import type { MeasuredJob } from "./exemplar.ts";
import { QueueActivity, type RunningJob } from "./queue-activity.ts";

export type WorkerMetricsOptions = {
  readonly registry: Registry;
  readonly broker: string;
  readonly vhost: string;
  /** Waits that some objective promises; each becomes a bucket edge. */
  readonly objectiveWaitSeconds: readonly number[];
  /** Each queue with its job type. */
  readonly queues: readonly { readonly queue: string; readonly type: string }[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Slots of the queue that are attached to a live consumer now. */
  readonly slots: (queue: string) => number;
  readonly linkStates: () => Readonly<Record<string, LinkState>>;
};

export type QueueMetrics = {
  /** @param waitSeconds undefined where it says nothing (retries, redeliveries, unknown times) */
  started(job: MeasuredJob, waitSeconds: number | undefined): RunningJob;
  ended(running: RunningJob, status: ProcessedStatus): void;
  /** @param type "own" when the job is of the queue's type; another one's name could be any text */
  rejected(type: "own" | "unknown"): void;
  /** @param ready undefined when it is no longer known */
  depth(ready: number | undefined): void;
};

type Labels = Readonly<Record<string, string>>;
type Metrics = ReturnType<typeof registerJobMetrics>;

/** @returns what to call for each queue, by the queue's name */
export function createWorkerMetrics(options: WorkerMetricsOptions): ReadonlyMap<string, QueueMetrics> {
  const activities = new Map(options.queues.map(({ queue }) => [queue, new QueueActivity(options.now())]));
  const labelsOf = (queue: string): Labels => ({ broker: options.broker, vhost: options.vhost, queue });
  const metrics = registerJobMetrics(options, () => {
    for (const [queue, activity] of activities) {
      metrics.busy.inc(labelsOf(queue), activity.takeBusySeconds(options.now()));
    }
  });
  registerGauges(options, labelsOf, activities);
  registerBuildInfo(options.registry, "worker");
  return new Map(
    options.queues.map(({ queue, type }) => {
      const activity = activities.get(queue) ?? new QueueActivity(options.now());
      return [queue, queueMetrics(metrics, { ...labelsOf(queue), type }, activity, options.now)];
    }),
  );
}

function queueMetrics(
  metrics: Metrics,
  typed: Labels,
  activity: QueueActivity,
  now: () => number,
): QueueMetrics {
  const { type: _, ...untyped } = typed;
  const seriesOf = (status: ProcessedStatus) => ({
    processed: metrics.processed.series({ ...typed, status }),
    duration: metrics.duration.series({ ...typed, status }),
  });
  const byStatus: Readonly<Record<ProcessedStatus, ReturnType<typeof seriesOf>>> = {
    succeeded: seriesOf("succeeded"),
    failed: seriesOf("failed"),
    dead_lettered: seriesOf("dead_lettered"),
    interrupted: seriesOf("interrupted"),
    rejected: seriesOf("rejected"),
  };
  const started = metrics.started.series(typed);
  const wait = metrics.wait.series(typed);
  const unknownType = metrics.processed.series({ ...typed, type: "unknown", status: "rejected" });
  metrics.busy.inc(untyped, 0);
  return {
    started({ id, traceparent }, waitSeconds) {
      const atMs = now();
      // Kept as the last of its bucket, perhaps for long: without the payload.
      const job: MeasuredJob = traceparent === undefined ? { id } : { id, traceparent };
      started.inc();
      if (waitSeconds !== undefined) wait.observe({ value: waitSeconds, atMs, job });
      return activity.start(job, atMs);
    },
    ended(running, status) {
      const atMs = now();
      if (!activity.end(running, atMs)) return;
      const { processed, duration } = byStatus[status];
      processed.inc();
      duration.observe({ value: Math.max(0, atMs - running.startMs) / 1_000, atMs, job: running.job });
    },
    rejected(type) {
      if (type === "own") byStatus.rejected.processed.inc();
      else unknownType.inc();
    },
    depth(ready) {
      if (ready === undefined) metrics.depth.remove(untyped);
      else metrics.depth.set(untyped, ready);
    },
  };
}

function registerJobMetrics(
  { registry, objectiveWaitSeconds }: WorkerMetricsOptions,
  collectBusy: () => void,
) {
  const registers = [registry];
  const typed = ["broker", "vhost", "queue", "type"];
  return {
    started: new BatchedCounter({
      name: WORKER_METRICS.jobsStarted,
      help: "Handler starts.",
      labelNames: typed,
      registers,
    }),
    processed: new BatchedCounter({
      name: WORKER_METRICS.jobsProcessed,
      help: "Jobs by how they ended here: succeeded, failed (will retry), dead_lettered, interrupted, rejected.",
      labelNames: [...typed, "status"],
      registers,
    }),
    busy: new Counter({
      name: WORKER_METRICS.busySeconds,
      help: "Seconds of running handlers, summed; grows while they run.",
      labelNames: ["broker", "vhost", "queue"],
      registers,
      collect: collectBusy,
    }),
    duration: new BucketHistogram({
      name: WORKER_METRICS.jobDurationSeconds,
      help: "Service time: handler start to end.",
      labelNames: [...typed, "status"],
      buckets: [...DURATION_EDGES_SECONDS],
      registers,
    }),
    wait: new BucketHistogram({
      name: WORKER_METRICS.jobWaitSeconds,
      help: "Eligible to handler start, first attempt of a run, not redelivered.",
      labelNames: typed,
      buckets: waitEdges(objectiveWaitSeconds),
      registers,
    }),
    depth: new Gauge({
      name: WORKER_METRICS.queueDepth,
      help: "Ready messages as this worker sees them; aggregate with max.",
      labelNames: ["broker", "vhost", "queue"],
      registers,
    }),
  };
}

function registerGauges(
  options: WorkerMetricsOptions,
  labelsOf: (queue: string) => Labels,
  activities: ReadonlyMap<string, QueueActivity>,
): void {
  const { registry, queues } = options;
  register(registry, WORKER_METRICS.jobsRunning, "Handlers running now.", (gauge) => {
    for (const { queue, type } of queues) {
      gauge.set({ ...labelsOf(queue), type }, activities.get(queue)?.running ?? 0);
    }
  });
  const slotsHelp = "Slots attached to a live consumer, busy or not; 0 while draining.";
  register(registry, WORKER_METRICS.workersRunning, slotsHelp, (gauge) => {
    for (const { queue } of queues) gauge.set(labelsOf(queue), options.slots(queue));
  });
  const oldestHelp =
    "When the oldest job that runs now was started, seconds since 1970; absent when none runs.";
  register(registry, WORKER_METRICS.oldestRunningJobStart, oldestHelp, (gauge) => {
    gauge.reset();
    for (const [queue, { oldestStartMs }] of activities) {
      if (oldestStartMs !== undefined) gauge.set(labelsOf(queue), oldestStartMs / 1_000);
    }
  });
  register(
    registry,
    WORKER_METRICS.linkState,
    "1 for the state that the link of the role is in.",
    (gauge) => {
      for (const [role, current] of Object.entries(options.linkStates())) {
        for (const state of LINK_STATES)
          gauge.set({ ...labelsOf(""), role, state }, state === current ? 1 : 0);
      }
    },
  );
  if (registry.getSingleMetric(WORKER_METRICS.processStart) !== undefined) return; // the application's default metrics
  const startHelp = "When this process was started, seconds since 1970.";
  register(registry, WORKER_METRICS.processStart, startHelp, (gauge) =>
    gauge.set(performance.timeOrigin / 1_000),
  );
}

const GAUGE_LABELS: Readonly<Record<string, readonly string[]>> = {
  [WORKER_METRICS.jobsRunning]: ["broker", "vhost", "queue", "type"],
  [WORKER_METRICS.workersRunning]: ["broker", "vhost", "queue"],
  [WORKER_METRICS.oldestRunningJobStart]: ["broker", "vhost", "queue"],
  [WORKER_METRICS.linkState]: ["broker", "vhost", "queue", "role", "state"],
};

function register(registry: Registry, name: string, help: string, collect: (gauge: Gauge) => void): void {
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: [...(GAUGE_LABELS[name] ?? [])],
    registers: [],
    collect: () => collect(gauge),
  });
  registry.registerMetric(gauge);
}

function waitEdges(objectiveWaitSeconds: readonly number[]): number[] {
  return [...new Set([...WAIT_EDGES_SECONDS, ...objectiveWaitSeconds])].sort((left, right) => left - right);
}

import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { LINK_STATES, type LinkState } from "../amqp/link.ts";
import { BusyClock } from "./busy-clock.ts";
import {
  DURATION_EDGES_SECONDS,
  JOB_STATUSES,
  type ProcessedStatus,
  WAIT_EDGES_SECONDS,
  WORKER_METRICS,
} from "./metric-names.ts";

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

/** A job that runs, until it is ended with how it ended. */
export type RunningJob = { end(status: ProcessedStatus): void };

export type WorkerMetrics = {
  /** @param waitSeconds undefined where it says nothing (retries, redeliveries, unknown times) */
  jobStarted(queue: string, type: string, waitSeconds: number | undefined): RunningJob;
  jobRejected(queue: string): void;
  /** @param ready undefined when it is no longer known */
  queueDepth(queue: string, ready: number | undefined): void;
};

/** The label of a job whose type is not the queue's: any text could come with it. */
const UNKNOWN_TYPE = "unknown";

export function createWorkerMetrics(options: WorkerMetricsOptions): WorkerMetrics {
  const { now } = options;
  const base = { broker: options.broker, vhost: options.vhost };
  const jobs = jobMetrics(options);
  const clock = new BusyClock(now());
  const running = new Map<string, Set<{ readonly startMs: number }>>();
  for (const { queue } of options.queues) running.set(queue, new Set());

  const advance = (): void => {
    for (const [queue, seconds] of clock.advance(now())) jobs.busy.inc({ ...base, queue }, seconds);
  };
  registerGauges(options, running);
  jobs.onCollectBusy(advance);

  return {
    jobStarted(queue, type, waitSeconds) {
      advance();
      const labels = { ...base, queue, type };
      const entry = { startMs: now() };
      clock.start(queue);
      running.get(queue)?.add(entry);
      jobs.started.inc(labels);
      jobs.running.inc(labels);
      if (waitSeconds !== undefined) jobs.wait.observe(labels, waitSeconds);
      return {
        end(status) {
          if (!running.get(queue)?.delete(entry)) return;
          advance();
          clock.end(queue);
          jobs.running.dec(labels);
          jobs.processed.inc({ ...labels, status });
          jobs.duration.observe({ ...labels, status }, Math.max(0, now() - entry.startMs) / 1_000);
        },
      };
    },
    jobRejected(queue) {
      jobs.processed.inc({ ...base, queue, type: UNKNOWN_TYPE, status: "rejected" });
    },
    queueDepth(queue, ready) {
      if (ready === undefined) jobs.depth.remove({ ...base, queue });
      else jobs.depth.set({ ...base, queue }, ready);
    },
  };
}

function jobMetrics(options: WorkerMetricsOptions) {
  const registers = [options.registry];
  const typed = ["broker", "vhost", "queue", "type"] as const;
  let collectBusy = (): void => {};
  const metrics = {
    started: new Counter({
      name: WORKER_METRICS.jobsStarted,
      help: "Handler starts.",
      labelNames: typed,
      registers,
    }),
    processed: new Counter({
      name: WORKER_METRICS.jobsProcessed,
      help: "Jobs by how they ended here: succeeded, failed (will retry), dead_lettered, interrupted, rejected.",
      labelNames: [...typed, "status"] as const,
      registers,
    }),
    running: new Gauge({
      name: WORKER_METRICS.jobsRunning,
      help: "Handlers running now.",
      labelNames: typed,
      registers,
    }),
    busy: new Counter({
      name: WORKER_METRICS.busySeconds,
      help: "Seconds of running handlers, summed; grows while they run.",
      labelNames: ["broker", "vhost", "queue"] as const,
      registers,
      collect: () => collectBusy(),
    }),
    duration: new Histogram({
      name: WORKER_METRICS.jobDurationSeconds,
      help: "Service time: handler start to end.",
      labelNames: [...typed, "status"] as const,
      buckets: [...DURATION_EDGES_SECONDS],
      registers,
    }),
    wait: new Histogram({
      name: WORKER_METRICS.jobWaitSeconds,
      help: "Eligible to handler start, first attempt of a run, not redelivered.",
      labelNames: typed,
      buckets: waitEdges(options.objectiveWaitSeconds),
      registers,
    }),
    depth: new Gauge({
      name: WORKER_METRICS.queueDepth,
      help: "Ready messages as this worker sees them; aggregate with max.",
      labelNames: ["broker", "vhost", "queue"] as const,
      registers,
    }),
  };
  zeroSeries(options, metrics);
  return {
    ...metrics,
    onCollectBusy(advance: () => void) {
      collectBusy = advance;
    },
  };
}

/** Every series is there from the start: an increase from nothing to one would not be seen as one. */
function zeroSeries(
  options: WorkerMetricsOptions,
  metrics: {
    readonly started: Counter<"broker" | "vhost" | "queue" | "type">;
    readonly running: Gauge<"broker" | "vhost" | "queue" | "type">;
    readonly processed: Counter<"broker" | "vhost" | "queue" | "type" | "status">;
    readonly busy: Counter<"broker" | "vhost" | "queue">;
    readonly wait: Histogram<"broker" | "vhost" | "queue" | "type">;
    readonly duration: Histogram<"broker" | "vhost" | "queue" | "type" | "status">;
  },
): void {
  const { broker, vhost } = options;
  for (const { queue, type } of options.queues) {
    const labels = { broker, vhost, queue, type };
    metrics.started.inc(labels, 0);
    metrics.running.set(labels, 0);
    metrics.busy.inc({ broker, vhost, queue }, 0);
    metrics.wait.zero(labels);
    for (const status of JOB_STATUSES) {
      metrics.processed.inc({ ...labels, status }, 0);
      if (status !== "rejected") metrics.duration.zero({ ...labels, status });
    }
  }
}

function registerGauges(
  options: WorkerMetricsOptions,
  running: ReadonlyMap<string, ReadonlySet<{ readonly startMs: number }>>,
): void {
  const { registry, broker, vhost } = options;
  const registers = [registry];
  new Gauge({
    name: WORKER_METRICS.workersRunning,
    help: "Slots attached to a live consumer, busy or not; 0 while draining.",
    labelNames: ["broker", "vhost", "queue"],
    registers,
    collect() {
      for (const { queue } of options.queues) this.set({ broker, vhost, queue }, options.slots(queue));
    },
  });
  new Gauge({
    name: WORKER_METRICS.oldestRunningJobStart,
    help: "When the oldest job that runs now was started, seconds since 1970; absent when none runs.",
    labelNames: ["broker", "vhost", "queue"],
    registers,
    collect() {
      this.reset();
      for (const [queue, entries] of running) {
        const [oldest] = entries; // a set keeps the order of insertion
        if (oldest !== undefined) this.set({ broker, vhost, queue }, oldest.startMs / 1_000);
      }
    },
  });
  new Gauge({
    name: WORKER_METRICS.linkState,
    help: "1 for the state that the link of the role is in.",
    labelNames: ["broker", "vhost", "queue", "role", "state"],
    registers,
    collect() {
      for (const [role, current] of Object.entries(options.linkStates())) {
        for (const state of LINK_STATES)
          this.set({ broker, vhost, queue: "", role, state }, state === current ? 1 : 0);
      }
    },
  });
  if (registry.getSingleMetric(WORKER_METRICS.processStart) === undefined) {
    new Gauge({
      name: WORKER_METRICS.processStart,
      help: "When this process was started, seconds since 1970.",
      registers,
    }).set(performance.timeOrigin / 1_000);
  }
}

function waitEdges(objectiveWaitSeconds: readonly number[]): number[] {
  return [...new Set([...WAIT_EDGES_SECONDS, ...objectiveWaitSeconds])].sort((left, right) => left - right);
}

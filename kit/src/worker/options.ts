import { hostname } from "node:os";
import { Registry } from "prom-client";
import { problemsOfAmqpUrl, vhostOf } from "../amqp/amqp-url.ts";
import type { BackoffRange } from "../amqp/backoff.ts";
import { type Topology, type TopologyOptions, topologyOf } from "../amqp/topology.ts";
import { ConfigError } from "../config-error.ts";
import type { JobHandler } from "../job/define-job.ts";
import { type Logger, silentLogger } from "../logger.ts";
import type { WorkerObserver } from "./worker-observer.ts";

export type WorkerOptions = {
  /** `amqp://user:password@host:port/vhost` */
  readonly amqpUrl: string;
  /** What this worker runs, at most one handler for a job type. */
  readonly jobs: readonly JobHandler[];
  /** Names and arguments at the broker; the same for all that share it. */
  readonly topology?: TopologyOptions;
  /** Jobs of each type at one time, 1 to 1,000, where the handler does not say. Default 10. */
  readonly concurrency?: number;
  /** The metrics' `broker` label. Default `default`. */
  readonly broker?: string;
  /** The metrics' `vhost` label. Default: the vhost of amqpUrl. */
  readonly vhost?: string;
  /** Named in events, dead letters and logs. Default host name and process id. */
  readonly name?: string;
  /** Waits that objectives promise for these jobs; they become bucket edges of worker_job_wait_seconds. Default none. */
  readonly objectiveWaitSeconds?: readonly number[];
  /** How long stop() lets running jobs finish before it aborts them, 0 to 86,400. Default 25, 5 less than Kubernetes' grace. */
  readonly drainSeconds?: number;
  /** How long an aborted handler may take to end before it is given up, 0 to 600. Default 2. */
  readonly abortGraceSeconds?: number;
  /** 1 to 60. Default 10. */
  readonly heartbeatSeconds?: number;
  /** Between two tries to reach the broker. Default 50 ms doubling to 30 s. */
  readonly reconnect?: BackoffRange;
  /** How often the ready messages are asked for (worker_queue_depth), 0.1 to 600. Default 5. */
  readonly depthEverySeconds?: number;
  /** Where the metrics are registered. Default: a registry of the worker's own. */
  readonly registry?: Registry;
  readonly logger?: Logger;
  readonly observer?: WorkerObserver;
  /** In [0, 1): jitter of retries. Default Math.random. */
  readonly random?: () => number;
};

export type CompiledWorkerOptions = {
  readonly amqpUrl: string;
  readonly jobs: readonly {
    readonly handler: JobHandler;
    readonly queue: string;
    readonly concurrency: number;
  }[];
  readonly topology: Topology;
  readonly broker: string;
  readonly vhost: string;
  readonly name: string;
  readonly objectiveWaitSeconds: readonly number[];
  readonly drainMs: number;
  readonly abortGraceMs: number;
  readonly heartbeatSeconds: number;
  readonly reconnect: BackoffRange;
  readonly depthEveryMs: number;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly observer: WorkerObserver;
  readonly random: () => number;
};

const defaultsFor = (amqpUrl: string) => ({
  concurrency: 10,
  broker: "default",
  vhost: vhostOf(amqpUrl),
  name: `${hostname()}:${process.pid}`,
  objectiveWaitSeconds: [],
  drainSeconds: 25,
  abortGraceSeconds: 2,
  heartbeatSeconds: 10,
  reconnect: { minMs: 50, maxMs: 30_000 },
  depthEverySeconds: 5,
  registry: new Registry(),
  logger: silentLogger,
  observer: {},
  random: Math.random,
});

/** @throws ConfigError naming every option that is wrong */
export function compileWorkerOptions(options: WorkerOptions): CompiledWorkerOptions {
  const problems = problemsOfWorkerOptions(options);
  if (problems.length > 0) throw new ConfigError(problems);
  const filled = { ...defaultsFor(options.amqpUrl), ...options };
  const topology = topologyOf(options.topology);
  const { drainSeconds, abortGraceSeconds, depthEverySeconds, concurrency, jobs, ...rest } = filled;
  return Object.freeze({
    ...rest,
    topology,
    jobs: jobs.map((handler) => ({
      handler,
      queue: topology.queueOf(handler.contract.type),
      concurrency: handler.concurrency ?? concurrency,
    })),
    drainMs: drainSeconds * 1_000,
    abortGraceMs: abortGraceSeconds * 1_000,
    depthEveryMs: depthEverySeconds * 1_000,
  });
}

/** Each option that is wrong, with what was expected; empty when all are right. */
export function problemsOfWorkerOptions(options: WorkerOptions): readonly string[] {
  const filled = { ...defaultsFor(options.amqpUrl), ...options };
  return [
    ...problemsOfAmqpUrl("amqpUrl", filled.amqpUrl),
    ...problemsOfJobs(filled.jobs),
    ...problemsOfNumbers(filled),
    ...problemsOfTopology(filled.topology),
  ];
}

type Numbers = Required<
  Pick<
    WorkerOptions,
    | "concurrency"
    | "objectiveWaitSeconds"
    | "drainSeconds"
    | "abortGraceSeconds"
    | "heartbeatSeconds"
    | "depthEverySeconds"
  >
>;

function problemsOfNumbers(options: Numbers): readonly string[] {
  const { concurrency, objectiveWaitSeconds: waits } = options;
  const ranges = [
    ["drainSeconds", options.drainSeconds, 0, 86_400],
    ["abortGraceSeconds", options.abortGraceSeconds, 0, 600],
    ["heartbeatSeconds", options.heartbeatSeconds, 1, 60],
    ["depthEverySeconds", options.depthEverySeconds, 0.1, 600],
  ] as const;
  const problems = ranges
    .filter(([, value, min, max]) => !(value >= min && value <= max))
    .map(([name, value, min, max]) => `${name}: expected ${min} to ${max}, got ${value}`);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1_000) {
    problems.push(`concurrency: expected a whole number from 1 to 1000, got ${concurrency}`);
  }
  if (!waits.every((seconds) => Number.isFinite(seconds) && seconds > 0) || waits.length > 50) {
    problems.push(`objectiveWaitSeconds: expected at most 50 numbers over 0, got ${waits.join(", ")}`);
  }
  return problems;
}

function problemsOfJobs(jobs: readonly JobHandler[]): readonly string[] {
  if (jobs.length === 0) return ["jobs: expected at least one handler"];
  const types = jobs.map(({ contract }) => contract.type);
  const twice = [...new Set(types.filter((type, index) => types.indexOf(type) !== index))];
  return twice.map((type) => `jobs: expected one handler for ${type}, got several`);
}

function problemsOfTopology(options: TopologyOptions | undefined): readonly string[] {
  try {
    topologyOf(options);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => `topology.${problem}`);
    throw error;
  }
}

import type { Correction } from "./correction.ts";
import type { CleanBroker, CleanQueue, CleanWorkers } from "./clean-readings.ts";
import { clamp, rounded } from "./plausible.ts";

/** Where a queue's arrivals are counted. `none`: only inferred from its backlog. */
type Source = "published" | "started" | "settled" | "none";

/**
 * What is remembered of a queue. `arrived`: jobs since the state began (its start is arbitrary); `offset`: arrived minus
 * the raw count of the source; `knownAt`: control time of the last good ready sample, or of its first appearance.
 */
export type QueueMemory = {
  readonly key: string;
  readonly knownAt: number;
  readonly ready: number;
  readonly arrived: number;
  readonly offset: number;
  readonly source: Source;
  readonly perSecond: number;
  readonly broker: {
    readonly epoch: string;
    readonly at: number;
    readonly published: number | null;
    readonly settled: number | null;
  } | null;
  readonly workers: {
    readonly epoch: string;
    readonly at: number;
    readonly started: number;
    readonly finished: number;
    readonly serviceSeconds: number;
    readonly busySeconds: number | null;
    readonly late: number | null;
    readonly waited: number | null;
  } | null;
};

/** What happened to a queue between two steps; undefined = not known. */
export type QueueFlow = {
  readonly arrived: number;
  /** What a counter says of the time before this step against what was guessed then. */
  readonly correction: Correction | undefined;
  readonly started: number | undefined;
  readonly finished: number | undefined;
  readonly serviceSeconds: number | undefined;
  readonly busySeconds: number | undefined;
  readonly settled: number | undefined;
  readonly late: number | undefined;
  readonly waited: number | undefined;
  /** A counter moved: the queue was in use, whatever the gauges say. */
  readonly moved: boolean;
  /** The broker's block is of a later time than the one before; its ready count alone may be still younger. */
  readonly renewed: boolean;
  /** The same of the workers' block. */
  readonly workersRenewed: boolean;
};

/** What the lane of the queue knows. `startedSince`: jobs guessed to have started since a time, this queue's share of them. */
export type LaneHint = {
  readonly t: number;
  readonly elapsed: number;
  /** The lane's rate, this queue's share of it. */
  readonly perSecond: number;
  readonly startedSince: (at: number) => number;
  readonly staleAfterSeconds: number;
};

export const newQueue = (key: string, t: number): QueueMemory => ({
  key,
  knownAt: rounded(t, 1e3),
  ready: 0,
  arrived: 0,
  offset: 0,
  source: "none",
  perSecond: 0,
  broker: null,
  workers: null,
});

const RATE_MEMORY_SECONDS = 30;
const LONGEST_BRIDGE_SECONDS = 60;

const grown = (before: number | null | undefined, now: number | null | undefined): number | undefined =>
  before === null || before === undefined || now === null || now === undefined || now < before
    ? undefined
    : now - before;

type Count = { readonly source: Source; readonly raw: number; readonly continuous: boolean };

const publishedCount = (memory: QueueMemory, broker: CleanBroker): Count | undefined =>
  broker.published === undefined
    ? undefined
    : {
        source: "published",
        raw: broker.published,
        continuous:
          memory.broker?.epoch === broker.epoch &&
          grown(memory.broker.published, broker.published) !== undefined,
      };

const settledCount = (memory: QueueMemory, broker: CleanBroker): Count | undefined =>
  broker.settled === undefined || broker.unacked === undefined
    ? undefined
    : {
        source: "settled",
        raw: broker.settled + broker.unacked + broker.ready,
        continuous:
          memory.broker?.epoch === broker.epoch && grown(memory.broker.settled, broker.settled) !== undefined,
      };

const startedCount = (memory: QueueMemory, workers: CleanWorkers, hint: LaneHint, ready: number): Count => ({
  source: "started",
  raw: workers.started + ready + hint.startedSince(workers.at),
  continuous:
    memory.workers?.epoch === workers.epoch &&
    grown(memory.workers.started, workers.started) !== undefined &&
    workers.at - memory.workers.at <= hint.staleAfterSeconds,
});

const countOf = (memory: QueueMemory, queue: CleanQueue, hint: LaneHint): Count | undefined => {
  const { broker, workers } = queue;
  const published = broker === undefined ? undefined : publishedCount(memory, broker);
  if (published !== undefined) return published;
  if (workers !== undefined) return startedCount(memory, workers, hint, broker?.ready ?? memory.ready);
  return broker === undefined ? undefined : settledCount(memory, broker);
};

/** Without a counter: what left the backlog must have started, and what is there now must have come. */
const inferred = (memory: QueueMemory, ready: number, hint: LaneHint): number =>
  Math.max(0, ready - memory.ready + hint.startedSince(hint.t - hint.elapsed));

type Arrived = Pick<QueueMemory, "arrived" | "offset" | "source">;

/** Smaller ones are noise of the shares. Jobs. */
/** Between two readings of the same statistics, which are told apart by their time. */
const CLOCK_JITTER_SECONDS = 0.1;
const LEAST_CORRECTION = 0.5;

/**
 * What would have been believed at the last step, had the workers' present sample been known then, less what was:
 * offset + started + ready then + the guess of what started between the sample and then. Of a sample younger than the
 * last step, only the share of its time that lies before that step; the rest came just now.
 */
const correctionOf = (memory: QueueMemory, queue: CleanQueue, hint: LaneHint): Correction | undefined => {
  const { workers } = queue;
  if (workers === undefined || memory.workers === null || memory.source !== "started") return undefined;
  const until = hint.t - hint.elapsed;
  const guessed = hint.startedSince(workers.at) - hint.startedSince(until);
  const missed = memory.offset + workers.started + memory.ready + guessed - memory.arrived;
  const { at: from } = memory.workers;
  const share = workers.at > until ? (until - from) / (workers.at - from) : 1;
  const jobs = missed * clamp(share, 0, 1);
  return Math.abs(jobs) < LEAST_CORRECTION ? undefined : { from, until, jobs };
};

/**
 * Arrivals so far: the published counter if there is one, else started + ready + a guess of what started since the
 * counter was read, else settled + unacked + ready, else the growth of the backlog and a guess of what started. A
 * counter that falls, a new epoch, a gap or another source is bridged with the known rate over at most 60 s: never a
 * jump. A wrong guess is put right where it was made (correctionOf), not now.
 */
const arrivedOf = (memory: QueueMemory, queue: CleanQueue, hint: LaneHint): Arrived => {
  const count = countOf(memory, queue, hint);
  if (count === undefined) {
    const more =
      queue.broker === undefined
        ? hint.perSecond * Math.min(hint.elapsed, LONGEST_BRIDGE_SECONDS)
        : inferred(memory, queue.broker.ready, hint);
    return { arrived: memory.arrived + more, offset: 0, source: "none" };
  }
  if (count.continuous && memory.source === count.source) {
    return { arrived: memory.offset + count.raw, offset: memory.offset, source: count.source };
  }
  const bridged = memory.arrived + hint.perSecond * Math.min(hint.elapsed, LONGEST_BRIDGE_SECONDS);
  return { arrived: bridged, offset: bridged - count.raw, source: count.source };
};

type WorkersFlow = Pick<
  QueueFlow,
  "started" | "finished" | "serviceSeconds" | "busySeconds" | "late" | "waited"
>;

const NO_WORKERS_FLOW: WorkersFlow = {
  started: undefined,
  finished: undefined,
  serviceSeconds: undefined,
  busySeconds: undefined,
  late: undefined,
  waited: undefined,
};

const workersFlow = (memory: QueueMemory, workers: CleanWorkers | undefined): WorkersFlow => {
  const before = memory.workers;
  if (workers === undefined || before === null || before.epoch !== workers.epoch) return NO_WORKERS_FLOW;
  return {
    started: grown(before.started, workers.started),
    finished: grown(before.finished, workers.finished),
    serviceSeconds: grown(before.serviceSeconds, workers.serviceSeconds),
    busySeconds: grown(before.busySeconds, workers.busySeconds),
    late: grown(before.late, workers.waits?.late),
    waited: grown(before.waited, workers.waits?.total),
  };
};

const workersRenewed = ({ workers: before }: QueueMemory, workers: CleanWorkers | undefined): boolean =>
  before !== null &&
  workers !== undefined &&
  before.epoch === workers.epoch &&
  workers.at > before.at + CLOCK_JITTER_SECONDS;

const brokerFlow = (
  memory: QueueMemory,
  broker: CleanBroker | undefined,
): {
  readonly published: number | undefined;
  readonly settled: number | undefined;
  readonly renewed: boolean;
} => {
  const before = memory.broker;
  if (broker === undefined || before === null || before.epoch !== broker.epoch) {
    return { published: undefined, settled: undefined, renewed: false };
  }
  return {
    renewed: broker.at > before.at + CLOCK_JITTER_SECONDS,
    published: grown(before.published, broker.published),
    settled: grown(before.settled, broker.settled),
  };
};

/** The queue's own rate, forgotten over half a minute: how the lane's guesses are shared out. */
const smoothedRate = (before: number, arrived: number, elapsed: number): number => {
  if (elapsed <= 0) return before;
  const pull = 1 - Math.exp(-elapsed / RATE_MEMORY_SECONDS);
  return rounded(before + (Math.max(0, arrived) / elapsed - before) * pull, 1e4);
};

const rememberedWorkers = (workers: CleanWorkers): QueueMemory["workers"] => ({
  epoch: workers.epoch,
  at: rounded(workers.at, 1e3),
  started: workers.started,
  finished: workers.finished,
  serviceSeconds: rounded(workers.serviceSeconds, 1e4),
  busySeconds: workers.busySeconds === undefined ? null : rounded(workers.busySeconds, 1e4),
  late: workers.waits?.late ?? null,
  waited: workers.waits?.total ?? null,
});

const rememberedBroker = (broker: CleanBroker): QueueMemory["broker"] => ({
  epoch: broker.epoch,
  at: rounded(broker.at, 1e3),
  published: broker.published ?? null,
  settled: broker.settled ?? null,
});

/** Reads one queue: what happened since the last step, and what to remember for the next. */
export const readQueue = (
  memory: QueueMemory,
  queue: CleanQueue,
  hint: LaneHint,
): { readonly memory: QueueMemory; readonly flow: QueueFlow } => {
  const { broker, workers } = queue;
  const counted = arrivedOf(memory, queue, hint);
  const isCounted = counted.source === "started" && counted.offset === memory.offset;
  const correction = isCounted ? correctionOf(memory, queue, hint) : undefined;
  const arrived = counted.arrived - memory.arrived - (correction?.jobs ?? 0);
  const { published, settled, renewed } = brokerFlow(memory, broker);
  const fromWorkers = workersFlow(memory, workers);
  const counts = [published, settled, fromWorkers.started, fromWorkers.finished];
  return {
    flow: {
      arrived,
      correction,
      settled,
      renewed,
      workersRenewed: workersRenewed(memory, workers),
      ...fromWorkers,
      moved: counts.some((count) => count !== undefined && count > 0),
    },
    memory: {
      key: memory.key,
      knownAt: broker === undefined ? memory.knownAt : rounded(Math.max(memory.knownAt, broker.at), 1e3),
      ready: broker?.ready ?? memory.ready,
      arrived: rounded(counted.arrived, 1e2),
      offset: rounded(counted.offset, 1e2),
      source: counted.source,
      perSecond: smoothedRate(memory.perSecond, arrived, hint.elapsed),
      broker: broker === undefined ? memory.broker : rememberedBroker(broker),
      workers: workers === undefined ? memory.workers : rememberedWorkers(workers),
    },
  };
};

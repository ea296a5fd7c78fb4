import type {
  BrokerReading,
  FleetReading,
  QueueReading,
  WaitHistogram,
  WorkersReading,
} from "../contract.ts";
import { plausible, usableAge } from "./plausible.ts";
import { shortKey } from "./short-key.ts";

/** Control time: seconds since the state began, never running backwards. */
export type Moment = { readonly t: number; readonly staleAfterSeconds: number; readonly waitSeconds: number };

/** A broker block that is fresh and makes sense; `at` = control time of the sample. */
export type CleanBroker = {
  readonly at: number;
  readonly epoch: string;
  readonly ready: number;
  readonly unacked: number | undefined;
  readonly consumers: number | undefined;
  readonly published: number | undefined;
  readonly settled: number | undefined;
};

/** A workers block that is fresh and makes sense. `waits` only where the queue's objective is an edge of the histogram. */
export type CleanWorkers = {
  readonly at: number;
  readonly epoch: string;
  readonly reportingReplicas: number;
  readonly running: number;
  readonly slots: number | undefined;
  readonly started: number;
  readonly finished: number;
  readonly serviceSeconds: number;
  readonly busySeconds: number | undefined;
  readonly waits: { readonly late: number; readonly total: number } | undefined;
};

/** One queue, its nonsense removed. `spoilt`: a figure was there and could not be true. */
export type CleanQueue = {
  readonly key: string;
  readonly id: string;
  readonly waitSeconds: number;
  readonly broker: CleanBroker | undefined;
  readonly workers: CleanWorkers | undefined;
  readonly spoilt: boolean;
};

export type CleanFleet = {
  readonly desired: number;
  readonly ready: number;
  readonly draining: number;
  readonly slots: number | undefined;
  readonly starting: FleetReading["starting"];
  readonly idle: number | undefined;
  readonly graceSeconds: number | undefined;
  readonly uncreated: number;
  readonly rollout: boolean;
  readonly spoilt: boolean;
};

const EDGE_TOLERANCE = 1e-6;

/** Jobs that waited longer than the objective; undefined where the objective is no edge: never interpolated. */
const lateOf = (
  waits: WaitHistogram | undefined,
  waitSeconds: number,
): { late: number; total: number } | undefined => {
  if (waits === undefined) return undefined;
  const edge = waits.edgesSeconds.findIndex(
    (seconds) => Math.abs(seconds - waitSeconds) <= EDGE_TOLERANCE * waitSeconds,
  );
  const inTime = plausible(edge < 0 ? undefined : waits.counts[edge]);
  const total = plausible(waits.counts.at(-1));
  if (inTime === undefined || total === undefined || waits.counts.length !== waits.edgesSeconds.length + 1) {
    return undefined;
  }
  return inTime <= total ? { late: total - inTime, total } : undefined;
};

const isSpoilt = (value: number | undefined): boolean =>
  value !== undefined && plausible(value) === undefined;

const cleanBroker = (block: BrokerReading, moment: Moment): CleanBroker | undefined => {
  const age = usableAge(block.ageSeconds, moment.staleAfterSeconds);
  const ready = plausible(block.ready);
  if (age === undefined || ready === undefined) return undefined;
  return {
    at: moment.t - age,
    epoch: shortKey(block.epoch),
    ready,
    unacked: plausible(block.unacked),
    consumers: plausible(block.consumers),
    published: plausible(block.published),
    settled: plausible(block.settled),
  };
};

const cleanWorkers = (
  block: WorkersReading,
  moment: Moment,
  waitSeconds: number,
): CleanWorkers | undefined => {
  const age = usableAge(block.ageSeconds, moment.staleAfterSeconds);
  if (age === undefined || spoiltWorkers(block)) return undefined;
  return {
    at: moment.t - age,
    epoch: shortKey(block.epoch),
    reportingReplicas: plausible(block.reportingReplicas) ?? 0,
    running: plausible(block.running) ?? 0,
    slots: plausible(block.slots),
    started: plausible(block.started) ?? 0,
    finished: plausible(block.finished) ?? 0,
    serviceSeconds: plausible(block.serviceSeconds) ?? 0,
    busySeconds: plausible(block.busySeconds),
    waits: lateOf(block.waits, waitSeconds),
  };
};

const spoiltBroker = (block: BrokerReading | undefined): boolean =>
  block !== undefined &&
  (plausible(block.ready) === undefined ||
    isSpoilt(block.unacked) ||
    isSpoilt(block.consumers) ||
    isSpoilt(block.published) ||
    isSpoilt(block.settled));

const spoiltWorkers = (block: WorkersReading): boolean =>
  plausible(block.reportingReplicas) === undefined ||
  plausible(block.running) === undefined ||
  plausible(block.started) === undefined ||
  plausible(block.finished) === undefined ||
  plausible(block.serviceSeconds) === undefined;

/** Takes from a queue's reading what is fresh and can be true. */
export const cleanQueue = (queue: QueueReading, moment: Moment): CleanQueue => {
  const own = plausible(queue.waitSeconds);
  const waitSeconds = own === undefined || own === 0 ? moment.waitSeconds : Math.min(own, moment.waitSeconds);
  const { broker, workers } = queue;
  return {
    key: shortKey(queue.id),
    id: queue.id,
    waitSeconds,
    broker: broker === undefined ? undefined : cleanBroker(broker, moment),
    workers: workers === undefined ? undefined : cleanWorkers(workers, moment, waitSeconds),
    spoilt:
      spoiltBroker(broker) || (workers !== undefined && (spoiltWorkers(workers) || isSpoilt(workers.slots))),
  };
};

/** Every queue once, in the order given. */
export const cleanQueues = (queues: readonly QueueReading[], moment: Moment): readonly CleanQueue[] => {
  const seen = new Set<string>();
  const result: CleanQueue[] = [];
  for (const queue of queues) {
    if (seen.has(queue.id)) continue;
    seen.add(queue.id);
    result.push(cleanQueue(queue, moment));
  }
  return result;
};

const whole = (value: number, otherwise: number): number => Math.floor(plausible(value) ?? otherwise);

/** The fleet with whole counts; a count that cannot be true is 0 (desired: as it was last) and spoils the reading. */
export const cleanFleet = (fleet: FleetReading, lastDesired: number): CleanFleet => ({
  desired: whole(fleet.desired, lastDesired),
  ready: whole(fleet.ready, 0),
  draining: whole(fleet.draining, 0),
  slots: plausible(fleet.slots),
  starting: fleet.starting.map(({ ageSeconds, phase }) => ({
    ageSeconds: plausible(ageSeconds) ?? 0,
    phase,
  })),
  idle: plausible(fleet.idle),
  graceSeconds: plausible(fleet.graceSeconds),
  uncreated: whole(fleet.uncreated, 0),
  rollout: fleet.rollout,
  spoilt: [fleet.desired, fleet.ready, fleet.draining, fleet.slots, fleet.idle].some(isSpoilt),
});

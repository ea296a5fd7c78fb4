import type { CleanBroker, CleanQueue, CleanWorkers } from "./clean-readings.ts";
import { shortKey } from "./short-key.ts";

const addKnown = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b;

const foldBroker = (a: CleanBroker | undefined, b: CleanBroker | undefined): CleanBroker | undefined =>
  a === undefined || b === undefined
    ? undefined
    : {
        at: Math.min(a.at, b.at),
        epoch: shortKey(`${a.epoch}|${b.epoch}`),
        ready: a.ready + b.ready,
        unacked: addKnown(a.unacked, b.unacked),
        consumers: addKnown(a.consumers, b.consumers),
        published: addKnown(a.published, b.published),
        settled: addKnown(a.settled, b.settled),
      };

const foldWorkers = (a: CleanWorkers | undefined, b: CleanWorkers | undefined): CleanWorkers | undefined =>
  a === undefined || b === undefined
    ? undefined
    : {
        at: Math.min(a.at, b.at),
        epoch: shortKey(`${a.epoch}|${b.epoch}`),
        reportingReplicas: Math.min(a.reportingReplicas, b.reportingReplicas),
        running: a.running + b.running,
        slots: a.slots === undefined || b.slots === undefined ? undefined : Math.min(a.slots, b.slots),
        started: a.started + b.started,
        finished: a.finished + b.finished,
        serviceSeconds: a.serviceSeconds + b.serviceSeconds,
        busySeconds: addKnown(a.busySeconds, b.busySeconds),
        waits:
          a.waits === undefined || b.waits === undefined
            ? undefined
            : { late: a.waits.late + b.waits.late, total: a.waits.total + b.waits.total },
      };

const fold = (a: CleanQueue, b: CleanQueue): CleanQueue => ({
  key: shortKey(`${a.key}|${b.key}`),
  id: a.id,
  waitSeconds: Math.min(a.waitSeconds, b.waitSeconds),
  broker: foldBroker(a.broker, b.broker),
  workers: foldWorkers(a.workers, b.workers),
  spoilt: a.spoilt || b.spoilt,
});

/**
 * At most `most` queues, so that the state is bounded: the last of them is the sum of all further ones, known only
 * where every one of them is known, with the strictest wait and (per-queue slots) the fewest slots among them, so that
 * it asks for too much rather than too little.
 */
export const foldQueues = (queues: readonly CleanQueue[], most: number): readonly CleanQueue[] => {
  if (queues.length <= most) return queues;
  const rest = queues.slice(most - 1);
  return [...queues.slice(0, most - 1), rest.reduce(fold)];
};

import type { CleanFleet, CleanQueue } from "../signals/clean-readings.ts";

/** Jobs in a lane now. */
export type Backlog = {
  /** Not started: ready, and delivered ones beyond the slots of their consumers. */
  readonly waiting: number;
  /** Waiting and running, without those that draining replicas hold. */
  readonly inSystem: number;
  readonly running: number;
};

/**
 * Those that are Ready; and as far as they are wanted, those whose consumers are there although they are not Ready: a
 * readiness probe that comes late or fails, or a node that the API server has lost, keeps nobody from taking jobs.
 */
export const replicasAtWork = (queues: readonly CleanQueue[], fleet: CleanFleet): number => {
  const consumers = Math.max(0, ...queues.map(({ broker }) => broker?.consumers ?? 0));
  return Math.max(fleet.ready, Math.min(fleet.desired, consumers));
};

type InProgress = { readonly running: number; readonly hoarded: number };

/**
 * Running = min(unacked, (consumers + draining) x slots), since a draining replica has no consumer and still holds its
 * jobs; what is unacked beyond that was only prefetched and waits. Without unacked, what the workers say; without
 * either, every ready slot while jobs wait, else nothing.
 */
const inProgress = (queue: CleanQueue, fleet: CleanFleet, slots: number): InProgress => {
  const { broker, workers } = queue;
  if (broker?.unacked !== undefined) {
    const replicas = (broker.consumers ?? fleet.ready) + fleet.draining;
    const running = Math.min(broker.unacked, replicas * slots);
    return { running, hoarded: broker.unacked - running };
  }
  if (workers !== undefined) return { running: workers.running, hoarded: 0 };
  return { running: (broker?.ready ?? 0) > 0 ? fleet.ready * slots : 0, hoarded: 0 };
};

/** Sums the queues of a lane; `ready` gives a queue's last known ready count where it is unknown now. */
export const backlogOf = (
  queues: readonly { readonly queue: CleanQueue; readonly ready: number }[],
  fleet: CleanFleet,
  slots: number,
): Backlog => {
  let waiting = 0;
  let running = 0;
  for (const { queue, ready } of queues) {
    const progress = inProgress(queue, fleet, slots);
    waiting += ready + progress.hoarded;
    running += progress.running;
  }
  const atWork = replicasAtWork(
    queues.map(({ queue }) => queue),
    fleet,
  );
  const here = atWork * slots;
  const possible = here + fleet.draining * slots;
  const excess = Math.max(0, running - possible);
  const onDraining = Math.max(0, Math.min(running, possible) - here);
  return {
    waiting: waiting + excess,
    inSystem: waiting + running - onDraining,
    running: running - excess,
  };
};

import type { CleanFleet, CleanQueue } from "../signals/clean-readings.ts";

/**
 * Whether the figures are complete enough to remove a replica: every queue's ready count and in-progress count known
 * and fresh, all ready replicas reporting (or the broker's unacked known), nothing spoilt. `sampleAt`: control time of
 * the oldest sample that this rests on.
 */
export type Completeness =
  | { readonly kind: "complete"; readonly sampleAt: number }
  | { readonly kind: "incomplete"; readonly because: string };

const problemOf = (queue: CleanQueue, readyReplicas: number): string | undefined => {
  const { broker, workers } = queue;
  if (queue.spoilt) return `a figure of queue ${queue.id} cannot be true`;
  if (broker === undefined) return `the ready count of queue ${queue.id} is not known`;
  if (broker.unacked !== undefined) return undefined;
  if (workers === undefined) return `the jobs in progress of queue ${queue.id} are not known`;
  return workers.reportingReplicas < readyReplicas
    ? `only ${workers.reportingReplicas} of ${readyReplicas} ready replicas report`
    : undefined;
};

const sampleAtOf = ({ broker, workers }: CleanQueue): number =>
  Math.min(
    broker?.at ?? Number.MAX_VALUE,
    broker?.unacked === undefined ? (workers?.at ?? Number.MAX_VALUE) : Number.MAX_VALUE,
  );

export const completenessOf = (queues: readonly CleanQueue[], fleet: CleanFleet): Completeness => {
  if (fleet.spoilt) return { kind: "incomplete", because: "a figure of the fleet cannot be true" };
  for (const queue of queues) {
    const because = problemOf(queue, fleet.ready);
    if (because !== undefined) return { kind: "incomplete", because };
  }
  return { kind: "complete", sampleAt: Math.min(...queues.map(sampleAtOf)) };
};

/** What the management API counts of one queue, since it began to count; undefined where it does not say. */
export type QueueCounters = {
  readonly published: number | undefined;
  readonly delivered: number | undefined;
  readonly settled: number | undefined;
  readonly redelivered: number | undefined;
};

const names = ["published", "delivered", "settled", "redelivered"] as const;

/** Names the epochs of queues' counters. */
export type Epochs = {
  /** Another one each time that any counter falls (queue made anew, broker restarted). */
  of(queue: string, counters: QueueCounters | undefined): string;
  /** The queue was gone: what is counted next begins another epoch. */
  end(queue: string): void;
  forget(queue: string): void;
};

export const createEpochs = (base: string): Epochs => {
  const seen = new Map<string, { readonly counters: QueueCounters; readonly epoch: number }>();
  return {
    of(queue, counters) {
      const last = seen.get(queue);
      if (counters === undefined) return `${base}-${last?.epoch ?? 0}`;
      const fell = last !== undefined && names.some((name) => isLess(counters[name], last.counters[name]));
      const epoch = (last?.epoch ?? 0) + (fell ? 1 : 0);
      seen.set(queue, { counters: lastKnown(counters, last?.counters ?? nothing), epoch });
      return `${base}-${epoch}`;
    },
    end(queue) {
      seen.set(queue, { counters: nothing, epoch: (seen.get(queue)?.epoch ?? 0) + 1 });
    },
    forget: (queue) => void seen.delete(queue),
  };
};

const nothing: QueueCounters = {
  published: undefined,
  delivered: undefined,
  settled: undefined,
  redelivered: undefined,
};

/** A new queue has no counters at first: they are compared with what was last told. */
const lastKnown = (now: QueueCounters, before: QueueCounters): QueueCounters => ({
  published: now.published ?? before.published,
  delivered: now.delivered ?? before.delivered,
  settled: now.settled ?? before.settled,
  redelivered: now.redelivered ?? before.redelivered,
});

const isLess = (now: number | undefined, before: number | undefined): boolean =>
  before !== undefined && now !== undefined && now < before;

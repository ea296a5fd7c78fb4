import type { QueueReading, Readings } from "../control/contract.ts";
import type {
  BrokerBlock,
  BrokerSample,
  FleetObservation,
  QueueRef,
  WorkerQueueSample,
  WorkerSample,
} from "./ports.ts";

/** An answer and when it came; its ages count from then. */
export type Taken<T> = { readonly sample: T; readonly atMs: number };

export type Seen = {
  readonly queues: readonly { readonly ref: QueueRef; readonly waitSeconds?: number }[];
  /** Patterns whose queues are not known, by key: each is a queue of which nothing is known. */
  readonly unresolved?: readonly string[];
  readonly slotSharing: "Shared" | "PerQueue";
  readonly broker?: Taken<BrokerSample>;
  readonly workers?: Taken<WorkerSample>;
  readonly fleet: Extract<FleetObservation, { kind: "observed" }>;
  /** Replicas that run nothing and can be chosen as victims, where the fleet does not know it itself. */
  readonly idle?: number;
  /** A broker's block that is older gives way to what the workers see. */
  readonly staleAfterSeconds: number;
  readonly nowMs: number;
};

/** Puts together what one autoscaler knows at `nowMs`. What no source told stays absent. */
export function buildReadings(seen: Seen): Readings {
  const slots = seen.slotSharing === "Shared" ? sharedSlots(seen) : slotsOfQueues(seen);
  return {
    queues: [
      ...seen.queues.map((queue) => queueReading(queue, seen)),
      ...(seen.unresolved ?? []).map((id) => ({ id })),
    ],
    slotSharing: seen.slotSharing === "Shared" ? "shared" : "per-queue",
    fleet: {
      ...seen.fleet.fleet,
      ...(seen.fleet.fleet.slots === undefined && slots !== undefined && { slots }),
      ...(seen.fleet.fleet.idle === undefined && seen.idle !== undefined && { idle: seen.idle }),
    },
    ...(seen.fleet.startup !== undefined && { startup: seen.fleet.startup }),
  };
}

function queueReading({ ref, waitSeconds }: Seen["queues"][number], seen: Seen): QueueReading {
  const broker = brokerBlock(ref, seen);
  const workers = seen.workers?.sample.queues.get(ref.key)?.workers;
  return {
    id: ref.key,
    ...(waitSeconds !== undefined && { waitSeconds }),
    ...(broker !== undefined && { broker }),
    ...(workers !== undefined && {
      workers: { ...workers, ageSeconds: ageNow(workers.ageSeconds, seen.workers, seen.nowMs) },
    }),
  };
}

/** The broker's own block while it is fresh, else the depth the workers report, whichever is younger. */
function brokerBlock(ref: QueueRef, seen: Seen): BrokerBlock | undefined {
  const told = seen.broker?.sample.queues.get(ref.key);
  const own = told && { ...told, ageSeconds: ageNow(told.ageSeconds, seen.broker, seen.nowMs) };
  if (own !== undefined && own.ageSeconds <= seen.staleAfterSeconds) return own;
  const depth = seen.workers?.sample.queues.get(ref.key)?.depth;
  if (depth === undefined) return own;
  const reported = {
    ageSeconds: ageNow(depth.ageSeconds, seen.workers, seen.nowMs),
    epoch: "workers",
    ready: depth.ready,
  };
  return own === undefined || reported.ageSeconds < own.ageSeconds ? reported : own;
}

function ageNow(ageSeconds: number, taken: Taken<unknown> | undefined, nowMs: number): number {
  return ageSeconds + (taken === undefined ? 0 : Math.max(0, nowMs - taken.atMs) / 1_000);
}

const workersOf = (seen: Seen): (WorkerQueueSample | undefined)[] =>
  seen.queues.map(({ ref }) => seen.workers?.sample.queues.get(ref.key));

/** A replica's slots serve all queues of the autoscaler, so each queue sees the same ones: the largest count, not the sum. */
function sharedSlots(seen: Seen): number | undefined {
  const attached = workersOf(seen).flatMap((queue) => queue?.attachedSlots ?? []);
  return attached.length === 0 ? undefined : Math.max(...attached);
}

/** Each queue has its own slots: their sum, known only when each is. */
function slotsOfQueues(seen: Seen): number | undefined {
  let sum = 0;
  for (const queue of workersOf(seen)) {
    const slots = queue?.workers.slots ?? queue?.attachedSlots;
    if (slots === undefined) return undefined;
    sum += slots;
  }
  return seen.queues.length === 0 ? undefined : sum;
}

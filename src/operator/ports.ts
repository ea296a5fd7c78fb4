import type { QueueReading, Readings } from "../control/contract.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { AutoscalerView } from "./autoscaler-view.ts";
import type { Decision } from "./decision-log.ts";
import type { SavedAutoscaler } from "./state-store.ts";

export type { AutoscalerView } from "./autoscaler-view.ts";
export type { Condition } from "./conditions.ts";
export type { Decision } from "./decision-log.ts";
export type { SavedAutoscaler } from "./state-store.ts";

/** One queue on one broker. `key` is `broker/vhost/name` and is the `id` of its QueueReading. */
export type QueueRef = {
  readonly key: string;
  readonly broker: string;
  readonly vhost: string;
  readonly name: string;
};

/** What is scaled, as in `spec.scaleTargetRef`, with the namespace of the autoscaler. */
export type TargetRef = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
};

/** Of an object that cannot be read as an autoscaler, for example after a typing error: whoever wrote it counts on its target. */
export type Claim = {
  readonly name: string;
  readonly target: TargetRef;
  /** As in Kubernetes. */
  readonly creationTimestamp: string | undefined;
};

export const targetKey = (target: TargetRef): string => `${target.namespace}/${target.kind}/${target.name}`;

export type BrokerBlock = NonNullable<QueueReading["broker"]>;
export type WorkersBlock = NonNullable<QueueReading["workers"]>;

/**
 * What is known of the queues, all autoscalers at once. A queue that is missing from a map is unknown, never zero.
 * Answers with what it has by the deadline of `signal`; a source that cannot answer says so in `problem` and never
 * throws for an outside cause.
 */
export interface BrokerSource {
  read(queues: readonly QueueRef[], signal: AbortSignal, wanted?: BrokerWants): Promise<BrokerSample>;
  /** What the patterns match by the latest list of the broker's queues, by the pattern's key. The first question about a vhost begins its lists. */
  match?(patterns: readonly QueuePattern[]): ReadonlyMap<string, PatternMatch>;
}
export type BrokerWants = {
  /** Brokers whose `holders` are needed, as some of their queues have no workers that report: only these are asked for them. */
  readonly holdersOf?: ReadonlySet<string>;
};
export type BrokerSample = {
  readonly queues: ReadonlyMap<string, BrokerBlock>;
  /** Why a broker cannot be read. That it does not have a queue, or does not tell of it, is an answer: see `unknown`. */
  readonly problem?: string;
  /** How long the first message of a queue has waited, by its key, in seconds; only where the broker knows it. */
  readonly oldestAgeSeconds?: ReadonlyMap<string, number>;
  /** Why a queue is unknown, by its key, as a sentence with the remedy. */
  readonly unknown?: ReadonlyMap<string, string>;
  /**
   * Unacked messages by the address of the consumer's end of the connection, by broker; 0 where a consumer holds none. An
   * address that is missing is not known to hold none. Absent where nobody wanted it, before the first answer and without a management API.
   */
  readonly holders?: ReadonlyMap<
    string,
    { readonly ageSeconds: number; readonly unackedByAddress: ReadonlyMap<string, number> }
  >;
};

/** Queues by a bounded regular expression over their whole name. `key` is `broker/vhost/pattern`. */
export type QueuePattern = {
  readonly key: string;
  readonly broker: string;
  readonly vhost: string;
  readonly pattern: string;
};
export type PatternMatch =
  /** Sorted by name. */
  | { readonly kind: "matched"; readonly names: readonly string[] }
  /** More than one autoscaler may have. */
  | { readonly kind: "too-many"; readonly count: number }
  | { readonly kind: "unknown"; readonly because: string };

/** The workers' own metrics, through Prometheus. The number of queries does not depend on the number of queues. */
export interface WorkerSource {
  read(queues: readonly QueueRef[], signal: AbortSignal): Promise<WorkerSample>;
}
export type WorkerSample = {
  readonly queues: ReadonlyMap<string, WorkerQueueSample>;
  readonly problem?: string;
  /** The source answers, and the problem is that it never knew a worker: none has run yet, none has such metrics, or nobody scrapes them. */
  readonly isUnseen?: true;
};
export type WorkerQueueSample = {
  readonly workers: WorkersBlock;
  /** Ready messages as the workers see them (the largest of their fresh reports), used where the broker itself is not read. */
  readonly depth?: { readonly ready: number; readonly ageSeconds: number };
  /** Slots attached to live consumers, each counted once, over the replicas that consume this queue. */
  readonly attachedSlots?: number;
  /** Jobs running now, by the replica's pod name where its series carry one, else by the host of its `instance`. */
  readonly runningByReplica?: ReadonlyMap<string, number>;
};

/** The scaled thing: a Deployment's /scale, or a pool of local processes. */
export interface Fleet {
  observe(target: TargetRef, signal: AbortSignal): Promise<FleetObservation>;
  /**
   * Sets the count once. Idle replicas go first where victims can be chosen. Optimistic: refused as a conflict when the
   * count is no longer `from`.
   */
  scaleTo(target: TargetRef, change: ScaleChange, signal: AbortSignal): Promise<ScaleOutcome>;
  /**
   * For a fleet that ends with its operator (a pool of local processes): brings back the count from before the restart.
   * Called once for each target, before its first observation. Absent, or doing nothing, where the count outlives the operator.
   */
  restore?(target: TargetRef, replicas: number, signal: AbortSignal): Promise<void>;
  /**
   * Where it is wished for: keeps replicas that run jobs (their ids) from being moved by others, such as a node autoscaler,
   * and lets go of those that no longer do. Call it when it is known who is busy; writes on change only. Never rejects for an
   * outside cause: the next observation's notice says it.
   */
  protect?(target: TargetRef, busy: readonly string[], signal: AbortSignal): Promise<void>;
}
export type FleetObservation =
  | {
      readonly kind: "observed";
      readonly fleet: Readings["fleet"];
      readonly startup?: NonNullable<Readings["startup"]>;
      readonly notice?: string;
      /** Restarts of the replicas' containers or processes since the fleet first looked; only grows. */
      readonly restarts?: number;
      /** The ready replicas, where somebody has to know which of them are at work: to be kept from being moved. Absent elsewhere. */
      readonly replicas?: readonly Replica[];
      /** The ready replicas, where the fleet can be told which of them to remove; absent where it chooses by itself. */
      readonly victims?: readonly Replica[];
      /** What else scales the target, and the operator therefore must not: a sentence with the remedy. */
      readonly owner?: { readonly kind: string; readonly name: string; readonly remedy: string };
    }
  | { readonly kind: "unknown"; readonly because: string };
/** One ready replica. `id`: the pod's name. `addresses`: where its connections come from, and where it is scraped; without ports. */
export type Replica = { readonly id: string; readonly addresses: readonly string[] };
export type ScaleChange = {
  readonly from: number;
  readonly to: number;
  readonly explanation: string;
  /** When the count shrinks: the ids of idle ones to remove first, those that became idle last first. */
  readonly victims?: readonly string[];
};
export type ScaleOutcome =
  /** `to`: where fewer could be removed than were asked for, the count that was set instead. */
  | { readonly kind: "scaled"; readonly to?: number }
  | { readonly kind: "conflict"; readonly actual: number }
  | { readonly kind: "failed"; readonly because: string };

/** Another signal that may ask for more replicas, never for fewer: `spec.floor.promql`. All expressions at once. */
export interface FloorSource {
  read(expressions: readonly string[], signal: AbortSignal): Promise<FloorSample>;
}
/** By expression: its value, or why it has none. */
export type FloorSample = {
  readonly values: ReadonlyMap<string, number>;
  readonly problems: ReadonlyMap<string, string>;
};

/** The right to act, where several operators run. */
export interface Lease {
  /** Read before every change. Turns false before another operator could take the lease. */
  readonly isHeld: boolean;
  /** The holder has missed renewals, so this operator may be next: what it will need should be warm by then. */
  readonly isOverdue: boolean;
  /** Who holds it, as a person would look for it; absent where that is not known. */
  readonly holder?: string | undefined;
  /** Calls the listener each time that this operator begins to hold it. */
  onGained(listener: () => void): void;
}

/** What an operator on a cluster knows of its own standing there: its list of autoscalers, its lease, its rights. */
export interface Standing {
  /** Why it can neither lead nor take over, with the remedy; undefined when it can. */
  readonly notReadyBecause: string | undefined;
  /** What people should know although it works, as sentences with the remedy. */
  readonly notes: readonly string[];
}

/** Where each autoscaler's account is kept for people and for the next leader: status and Events on a cluster. */
export interface Journal {
  /** After each look. The journal itself decides what of it to write, and when. Never throws for an outside cause. */
  report(entry: JournalEntry): void;
  /** What was last kept of the autoscaler, asked for when it appears and when the lease is gained; undefined when there is nothing, or nothing usable. */
  saved(resource: WorkerAutoscaler): SavedAutoscaler | undefined;
}
export type JournalEntry = {
  readonly resource: WorkerAutoscaler;
  readonly view: AutoscalerView;
  readonly saved: SavedAutoscaler | undefined;
  /** A new decision of this look; absent when the last one was repeated. */
  readonly decision?: Decision;
};

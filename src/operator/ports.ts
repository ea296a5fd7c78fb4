import type { QueueReading, Readings } from "../control/contract.ts";

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

export const targetKey = (target: TargetRef): string => `${target.namespace}/${target.kind}/${target.name}`;

export type BrokerBlock = NonNullable<QueueReading["broker"]>;
export type WorkersBlock = NonNullable<QueueReading["workers"]>;

/**
 * What is known of the queues, all autoscalers at once. A queue that is missing from a map is unknown, never zero.
 * Answers with what it has by the deadline of `signal`; a source that cannot answer says so in `problem` and never
 * throws for an outside cause.
 */
export interface BrokerSource {
  read(queues: readonly QueueRef[], signal: AbortSignal): Promise<BrokerSample>;
}
export type BrokerSample = { readonly queues: ReadonlyMap<string, BrokerBlock>; readonly problem?: string };

/** The workers' own metrics, through Prometheus. The number of queries does not depend on the number of queues. */
export interface WorkerSource {
  read(queues: readonly QueueRef[], signal: AbortSignal): Promise<WorkerSample>;
}
export type WorkerSample = {
  readonly queues: ReadonlyMap<string, WorkerQueueSample>;
  readonly problem?: string;
};
export type WorkerQueueSample = {
  readonly workers: WorkersBlock;
  /** Ready messages as the workers see them (the largest of their fresh reports), used where the broker itself is not read. */
  readonly depth?: { readonly ready: number; readonly ageSeconds: number };
  /** Slots attached to live consumers, each counted once, over the replicas that consume this queue. */
  readonly attachedSlots?: number;
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
}
export type FleetObservation =
  | {
      readonly kind: "observed";
      readonly fleet: Readings["fleet"];
      readonly startup?: NonNullable<Readings["startup"]>;
      readonly notice?: string;
    }
  | { readonly kind: "unknown"; readonly because: string };
export type ScaleChange = { readonly from: number; readonly to: number; readonly explanation: string };
export type ScaleOutcome =
  | { readonly kind: "scaled" }
  | { readonly kind: "conflict"; readonly actual: number }
  | { readonly kind: "failed"; readonly because: string };

/** Another signal that may ask for more replicas, never for fewer: `spec.floor.promql`. All expressions at once; one that is missing is unknown. */
export interface FloorSource {
  read(expressions: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

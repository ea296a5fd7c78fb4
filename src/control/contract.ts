import type { Reason } from "./reason.ts";

/** What a person asked for. A value out of range makes `step` throw a SpecError that lists every such field. */
export type Spec = {
  /** The promise: this share of jobs starts within this wait. waitSeconds > 0; attainmentRatio in (0,1). */
  readonly objective: { readonly waitSeconds: number; readonly attainmentRatio: number };
  /** Whole numbers, 0 <= min <= max. */
  readonly replicas: { readonly min: number; readonly max: number };
  /** Jobs one replica runs at a time; when absent it is measured, else 1. */
  readonly slotsPerReplica?: number;
  /** Mean service time to assume until it is measured, seconds > 0. */
  readonly expectedServiceSeconds?: number;
  /** A block older than this counts as unknown; seconds > 0, default 30. */
  readonly staleAfterSeconds?: number;
  readonly scaleIn?: ScaleInSpec;
  /** `enabled: false`: no automatic increase, schedule and floor included, except up to min. */
  readonly scaleOut?: { readonly enabled?: boolean; readonly maxStep?: number };
  /** A person's number, taken as it is, min and max notwithstanding; without it the count stays. */
  readonly paused?: { readonly replicas?: number };
  /** Evaluated against the clock by the caller. */
  readonly schedules?: readonly ScheduleSpec[];
  /** From another signal, evaluated by the caller: it may ask for more, never for less. */
  readonly floor?: { readonly replicas: number; readonly because: string };
  readonly fallback?: FallbackSpec;
};

export type ScaleInSpec = {
  readonly enabled?: boolean;
  /** Fewer replicas must have been enough for this long, seconds >= 0; default: two fifths of a start-up, at least 6 s. */
  readonly holdSeconds?: number;
  /** Ready, unacked and running must all have been 0 for this long before the last replica goes; default: the hold. */
  readonly toZeroAfterSeconds?: number;
  /** Most replicas removed by one verdict, >= 1. */
  readonly maxStep?: number;
  /** Remove only replicas that run no job. */
  readonly idleOnly?: boolean;
};

export type ScheduleSpec = { readonly name: string; readonly active: boolean; readonly minReplicas: number };

/** Takes over when any queue's ready count has been unknown for afterSeconds since its last good sample; obeys min, max and steps, not holds. */
export type FallbackSpec = { readonly afterSeconds: number } & (
  | { readonly behavior: "Hold" | "Max" }
  | { readonly behavior: "Static" | "AtLeast" | "AtMost"; readonly replicas: number }
);

/**
 * undefined = not known, never zero. Totals are monotone inside an epoch: the adapter sums increments per series
 * (instance and process start) and keeps what vanished replicas contributed, so workers that come and go never change
 * the epoch; a new epoch gives no delta.
 */
export type QueueReading = {
  /** Opaque, stable. */
  readonly id: string;
  /** A stricter objective for this queue, seconds. */
  readonly waitSeconds?: number;
  readonly broker?: BrokerReading;
  readonly workers?: WorkersReading;
};

/** What the broker says of one queue: message counts now, message totals since the epoch began. */
export type BrokerReading = {
  /** A negative age counts as 0 down to -5 s; beyond that the block is unknown. */
  readonly ageSeconds: number;
  readonly epoch: string;
  readonly ready: number;
  readonly unacked?: number;
  readonly consumers?: number;
  readonly published?: number;
  readonly delivered?: number;
  readonly settled?: number;
  readonly redelivered?: number;
};

/** What the workers say of one queue, summed over replicas. A dead target is left out of the sums and lowers reportingReplicas; it does not age the block. */
export type WorkersReading = {
  readonly ageSeconds: number;
  readonly epoch: string;
  /** Draining ones excluded. */
  readonly reportingReplicas: number;
  /** Jobs running now, those on draining replicas included. */
  readonly running: number;
  /** Only with per-queue slots. */
  readonly slots?: number;
  readonly started: number;
  readonly finished: number;
  readonly serviceSeconds: number;
  readonly busySeconds?: number;
  readonly waits?: WaitHistogram;
};

/** Cumulative: counts[i] jobs waited at most edgesSeconds[i]; counts is one longer, its last entry is the total. */
export type WaitHistogram = { readonly edgesSeconds: readonly number[]; readonly counts: readonly number[] };

export type Readings = {
  readonly queues: readonly QueueReading[];
  /** shared: a slot takes jobs of every queue; per-queue: each queue has slots of its own in every replica. */
  readonly slotSharing: "shared" | "per-queue";
  readonly fleet: FleetReading;
  /** Consecutive parts of the start-up. */
  readonly startup?: { readonly schedulingSeconds?: Quantiles; readonly readySeconds?: Quantiles };
};

export type FleetReading = {
  readonly desired: number;
  readonly ready: number;
  readonly draining: number;
  /** Attached to live consumers, busy or not, each counted once; as old as the workers blocks. */
  readonly slots?: number;
  readonly starting: readonly StartingReplica[];
  /** Idle now and choosable as victims; undefined = victims cannot be chosen. */
  readonly idle?: number;
  /** The target's termination grace. */
  readonly graceSeconds?: number;
  /** Asked for, refused by quota or admission. */
  readonly uncreated: number;
  /** Old and new revisions side by side. */
  readonly rollout: boolean;
};

/** Age since the replica was created. */
export type StartingReplica = {
  readonly ageSeconds: number;
  readonly phase: "unscheduled" | "scheduled" | "failing";
};

/** Seconds; count = how many observations stand behind the quantiles. */
export type Quantiles = { readonly p50: number; readonly p95: number; readonly count: number };

/** A rule that changed the number. */
export type LimitedBy =
  | "max"
  | "min"
  | "scale-out-step"
  | "scale-in-step"
  | "scale-in-hold"
  | "scale-in-blocked"
  | "scale-out-blocked"
  | "capacity"
  | "ineffective"
  | "rollout"
  | "paused"
  | "schedule"
  | "floor"
  | "fallback";

/** Whether reacting can keep the promise at all. warmReplicasNeeded = the least count, kept running, that would; because = a sentence. */
export type Feasibility =
  | { readonly kind: "feasible" | "unknown" }
  | { readonly kind: "infeasible"; readonly warmReplicasNeeded: number; readonly because: string };

/** What the verdict rests on; absent = not known. */
export type Estimate = {
  readonly arrivalsPerSecond?: number;
  /** Mean. */
  readonly serviceSeconds?: number;
  /** Erlangs: arrivals per second x mean service time. */
  readonly offeredLoad?: number;
  /** Median, from creation to being able to take a job. */
  readonly startupSeconds?: number;
  /** Of a job that arrives now. */
  readonly predictedWaitSeconds?: number;
  /** Share of jobs that started within the objective's wait, over the last hours. */
  readonly attainmentRatio?: number;
};

/** What one part of the policy or one rule asked for. */
export type Term = { readonly name: string; readonly replicas: number };

export type Verdict = {
  readonly kind: "hold" | "scale";
  /** = fleet.desired. */
  readonly from: number;
  readonly to: number;
  /** Whole number, before limits, holds, pause and DryRun; = from when blind. */
  readonly recommended: number;
  readonly reason: Reason;
  /** Each rule that changed the number, in order of precedence. */
  readonly limitedBy: readonly LimitedBy[];
  /** Where "scale-in-hold" is among them: until it ends, unless as many replicas are needed before. */
  readonly holdLeftSeconds?: number;
  readonly feasibility: Feasibility;
  readonly estimate: Estimate;
  readonly terms: readonly Term[];
  /** One sentence with the numbers in it. */
  readonly explanation: string;
};

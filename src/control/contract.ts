export type Spec = {
  readonly objective: { readonly waitSeconds: number; readonly attainmentRatio: number }; // > 0; (0,1), default 0.95
  readonly replicas: { readonly min: number; readonly max: number };
  readonly slotsPerReplica?: number; // when unknown: measured, else 1
  readonly expectedServiceSeconds?: number; // a prior until measured
  readonly staleAfterSeconds?: number; // an older block counts as unknown; default 30 (the operator passes max(30, 3 × scrape interval))
  readonly scaleIn?: {
    readonly enabled?: boolean;
    readonly holdSeconds?: number;
    readonly toZeroAfterSeconds?: number;
    readonly maxStep?: number;
    readonly idleOnly?: boolean;
  };
  readonly scaleOut?: { readonly enabled?: boolean; readonly maxStep?: number }; // disabled: no automatic increase, schedule and floor included, except up to min
  readonly paused?: { readonly replicas?: number }; // a person's number, taken as it is; without it the count stays
  readonly schedules?: readonly {
    readonly name: string;
    readonly active: boolean;
    readonly minReplicas: number;
  }[]; // evaluated outside, against the clock
  readonly floor?: { readonly replicas: number; readonly because: string }; // from a PromQL expression, evaluated outside
  /** Takes over when any queue's ready count has been unknown for afterSeconds since its last good sample; obeys min, max and steps, not holds. */
  readonly fallback?: { readonly afterSeconds: number } & (
    | { readonly behavior: "Hold" | "Max" }
    | { readonly behavior: "Static" | "AtLeast" | "AtMost"; readonly replicas: number }
  );
};
/** undefined = not known, never zero. Totals are monotone inside an epoch: the adapter sums increments per series (instance and process start) and keeps what vanished replicas contributed, so workers that come and go never change the epoch; a new epoch gives no delta. */
export type QueueReading = {
  readonly id: string; // opaque, stable
  readonly waitSeconds?: number; // a stricter objective for this queue
  readonly broker?: {
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
  readonly workers?: {
    readonly ageSeconds: number;
    readonly epoch: string; // a dead target is left out of the sums and lowers reportingReplicas; it does not age the block
    readonly reportingReplicas: number; // draining ones excluded
    readonly running: number;
    readonly slots?: number; // slots only with per-queue slots
    readonly started: number;
    readonly finished: number;
    readonly serviceSeconds: number;
    readonly busySeconds?: number;
    readonly waits?: { readonly edgesSeconds: readonly number[]; readonly counts: readonly number[] };
  }; // cumulative; counts is one longer, its last entry is the total
};
export type Readings = {
  readonly queues: readonly QueueReading[];
  readonly slotSharing: "shared" | "per-queue";
  readonly fleet: {
    readonly desired: number;
    readonly ready: number;
    readonly draining: number;
    readonly slots?: number; // attached to live consumers, busy or not, each counted once
    readonly starting: readonly {
      readonly ageSeconds: number;
      readonly phase: "unscheduled" | "scheduled" | "failing";
    }[];
    readonly idle?: number; // idle now and choosable as victims; undefined = victims cannot be chosen
    readonly graceSeconds?: number; // the target's termination grace
    readonly uncreated: number; // asked for, refused by quota or admission
    readonly rollout: boolean;
  }; // old and new revisions side by side
  readonly startup?: { readonly schedulingSeconds?: Quantiles; readonly readySeconds?: Quantiles }; // consecutive parts; { p50, p95, count }
};
export type Verdict = {
  readonly kind: "hold" | "scale";
  readonly from: number;
  readonly to: number; // from = fleet.desired
  readonly recommended: number; // integer, before limits, holds, pause, DryRun; = from when blind
  readonly reason: Reason; // one exported, documented list; readers tolerate new ones
  readonly limitedBy: readonly (
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
    | "fallback"
  )[];
  readonly feasibility:
    | { readonly kind: "feasible" | "unknown" }
    | { readonly kind: "infeasible"; readonly warmReplicasNeeded: number; readonly because: string };
  readonly estimate: {
    readonly arrivalsPerSecond?: number;
    readonly serviceSeconds?: number;
    readonly offeredLoad?: number;
    readonly startupSeconds?: number;
    readonly predictedWaitSeconds?: number;
    readonly attainmentRatio?: number;
  };
  readonly terms: readonly { readonly name: string; readonly replicas: number }[]; // what each part asked for
  readonly explanation: string; // one sentence with the numbers in it
};
/** Seconds; count = how many observations stand behind the quantiles. */
export type Quantiles = { readonly p50: number; readonly p95: number; readonly count: number };
/** Why the verdict is what it is. The list grows: readers tolerate values they do not know. */
export type Reason = string;

import type { Feasibility, LimitedBy, QueueReading, Verdict } from "../control/contract.ts";
import type { Reason } from "../control/reason.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";

// What the server of the page and the page say to each other. Times are ISO 8601 in UTC unless the name says otherwise.
// An absent field, or null in a list, is not known; it is never zero. Durations are seconds.

/**
 * Whether the promise is kept, in one word.
 * - kept: the attainment promised is reached, and nothing seen now endangers it
 * - at-risk: it is reached so far, but jobs that arrive now will wait too long, or reacting cannot keep the promise
 * - broken: fewer jobs than promised started in time
 * - unknown: the queues or the target are not known, or were not for too long
 * - paused: a person holds the count, or the autoscaler changes nothing (another scaler owns the target)
 */
export type PromiseVerdict = "kept" | "at-risk" | "broken" | "unknown" | "paused";

/** `event: snapshot`, the first of each stream. */
export type SnapshotEvent = {
  readonly serverTime: string;
  /** Of the program. */
  readonly version: string;
  /** A follower knows no autoscaler: the list is empty, and the notes say who leads where that is known. */
  readonly role: "leader" | "follower";
  /** Sentences about the operator as a whole. */
  readonly notes: readonly string[];
  /** How many there are. Those beyond `autoscalers` come as `changed` of the events that follow. */
  readonly total: number;
  /** At most 1,000, in no order. */
  readonly autoscalers: readonly Summary[];
};

/** `event: changes`: at most one a second and at least one in five seconds; one without changes says that the operator is there. */
export type ChangesEvent = {
  readonly serverTime: string;
  /** At most 1,000: whole summaries, each replaces the earlier one of its key. One that differs in the time of its look alone comes every ten seconds. */
  readonly changed: readonly Summary[];
  /** Keys. */
  readonly removed: readonly string[];
  /** Only when it changed, also from leader to follower: then forget every autoscaler. */
  readonly role?: SnapshotEvent["role"];
  /** Only when they changed. */
  readonly notes?: readonly string[];
};

/** One autoscaler as the overview needs it. */
export type Summary = {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Kind and name, `Deployment image-worker`. */
  readonly target: string;
  readonly promise: { readonly waitSeconds: number; readonly attainmentRatio: number };
  readonly mode: "Active" | "DryRun";
  readonly verdict: PromiseVerdict;
  /** Whether the promise is kept and why, one sentence with the figures in it. */
  readonly sentence: string;
  /** Share of the jobs that started within the promised wait, over the last hours; 0 to 1. */
  readonly attainmentRatio?: number;
  /** Of the jobs that started in the last five minutes: at most this, as it is the edge of a bucket. */
  readonly waitSecondsP95?: number;
  /** Of a job that arrives now. */
  readonly predictedWaitSeconds?: number;
  /** Ready messages over all queues; absent when one of them is not known. */
  readonly backlog?: number;
  readonly arrivalsPerSecond?: number;
  readonly replicas: {
    readonly min: number;
    readonly max: number;
    /** All of these are absent while the target cannot be observed. */
    readonly desired?: number;
    /** Ready and starting. */
    readonly current?: number;
    readonly ready?: number;
    readonly recommended?: number;
  };
  /** Of the latest look, in order of precedence. Newer operators may know more. */
  readonly limitedBy: readonly LimitedBy[];
  /** The latest decision that changed the count, or would have (DryRun); absent before the first. */
  readonly lastDecision?: Pick<Decision, "time" | "from" | "to" | "reason" | "explanation">;
  readonly feasibility: Feasibility;
  /** What would keep an infeasible promise, a sentence; absent otherwise. */
  readonly warmAdvice?: string;
  /** Median, from creation to being able to take a job. */
  readonly startupSeconds?: number;
  /** When it was last looked at; absent before the first time. */
  readonly lookedAt?: string;
  /** The newest of its series; absent before the first look. */
  readonly point?: Point;
};

/** One look, as a chart needs it. Of a coarse point: the largest backlog and wait, the mean arrivals, the last of the others. */
export type Point = {
  /** Whole seconds since 1970. */
  readonly time: number;
  /** Ready messages over all queues. */
  readonly backlog: number | null;
  readonly arrivalsPerSecond: number | null;
  readonly desired: number | null;
  readonly ready: number | null;
  /** Predicted for a job that arrives now. */
  readonly waitSeconds: number | null;
  /** The promised wait at that time. */
  readonly objectiveSeconds: number | null;
};

/**
 * The points of an autoscaler as columns of one length, oldest first: up to 96 of 150 s each (four hours), then up to 600 of
 * one look each, at least a second apart. An operator that began later knows fewer.
 */
export type Series = {
  /** Whole seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly backlog: readonly (number | null)[];
  readonly arrivalsPerSecond: readonly (number | null)[];
  readonly desired: readonly (number | null)[];
  readonly ready: readonly (number | null)[];
  readonly waitSeconds: readonly (number | null)[];
  readonly objectiveSeconds: readonly (number | null)[];
};

/** As in a Kubernetes status. True is good for Ready, SignalsFresh, ObjectiveMet and ObjectiveFeasible, otherwise it means that the thing named is so. */
export type Condition = {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  /** A sentence. */
  readonly message: string;
  readonly lastTransitionTime: string;
};

/** What was decided, and what came of it. */
export type Decision = {
  /** Grows with each decision of this autoscaler; begins again when the operator does. */
  readonly seq: number;
  readonly time: string;
  readonly kind: Verdict["kind"];
  readonly from: number;
  readonly to: number;
  readonly recommended: number;
  readonly reason: Reason;
  readonly limitedBy: readonly LimitedBy[];
  /** What was allowed then; absent where it was not kept. */
  readonly bounds?: { readonly min: number; readonly max: number };
  readonly feasibility: Feasibility;
  /** The inputs. */
  readonly estimate: Verdict["estimate"];
  readonly terms: Verdict["terms"];
  /** One sentence with the numbers in it. */
  readonly explanation: string;
  /** "held": nothing to do. "dry-run": would have scaled. "conflict" and "failed": see `problem`. */
  readonly outcome: "held" | "scaled" | "dry-run" | "conflict" | "failed";
  readonly problem?: string;
  /** The same decision came again this many times in a row. */
  readonly repeated: number;
};

/** `queue` is absent for a pattern whose queues are not known: the id is then `broker/vhost/pattern`. */
export type QueueSignal = QueueReading & {
  readonly queue?: { readonly broker: string; readonly vhost: string; readonly name: string };
};

/** `GET /console/autoscalers/:namespace/:name?before=<seq>&limit=<0..100, default 25>&series=none`. */
export type Detail = {
  readonly serverTime: string;
  readonly summary: Summary;
  readonly spec: WorkerAutoscaler["spec"];
  readonly conditions: readonly Condition[];
  /** What is known of each queue, with its age; empty while the target or the queues are not known. */
  readonly signals: readonly QueueSignal[];
  /** Of the latest look, with its terms; absent when nothing was decided. */
  readonly verdict?: Verdict;
  /** What would change the count, a sentence each. */
  readonly wouldChange: readonly string[];
  /** Sentences about the operator that matter here. */
  readonly notes: readonly string[];
  /** Newest first, those with a seq below `before`. */
  readonly decisions: readonly Decision[];
  /** How many are kept, of which `decisions` are a page. */
  readonly decisionCount: number;
  /** Absent with `series=none`. */
  readonly series?: Series;
};

/** Every refusal, as application/problem+json; 503 comes with Retry-After. */
export type Problem = {
  readonly type: string;
  readonly status: number;
  /** `too-many-streams`, `operator-follows`, `autoscaler-unknown`, `request-invalid`; at a gateway also `operator-not-configured`, `operator-away`. */
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
};

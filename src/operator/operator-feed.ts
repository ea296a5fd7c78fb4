import type { Autoscaler } from "./autoscaler.ts";

/** What a page about the operator is made from. Every function may be called at any time and answers as things are then. */
export type OperatorFeed = {
  /** None while this operator follows another. */
  readonly autoscalers: () => readonly Autoscaler[];
  readonly isFollower: () => boolean;
  /** Who leads while this operator follows, as far as it knows. */
  readonly leader: () => string | undefined;
  /** Sentences about the operator as a whole. */
  readonly notes: () => readonly string[];
  /** Of the program. */
  readonly version: string;
  readonly cycleSeconds: number;
  readonly nowMs: () => number;
};

/** What is known about who set the count. Plain JSON. */
export type CountMemory = {
  /** The count as the operator last set or saw it. */
  readonly expected: number;
  /** A change that was asked for and never answered: it may still have come about. */
  readonly asked?: number;
  /** Zero was set by hand although min ≥ 1: the same as paused, until somebody raises it. */
  readonly zeroByHand: boolean;
  /** A count raised by hand, or held by a pause that has ended, is not scaled in before this. */
  readonly raisedUntilMs: number;
  /** When others last wrote, oldest first; at most `writesToConflict`. */
  readonly foreignWritesMs: readonly number[];
  /** Another writer keeps writing: no patch before this. */
  readonly conflictUntilMs: number;
};

const writesToConflict = 3;
const conflictWindowMs = 600_000;
const backOffMs = 300_000;

export const firstCount = (expected: number): CountMemory => ({
  expected,
  zeroByHand: false,
  raisedUntilMs: 0,
  foreignWritesMs: [],
  conflictUntilMs: 0,
});

/** The operator's own change was made. One that a person ordered, as by `paused-replicas`, ends a zero by hand. */
export const changedCount = ({ asked: _asked, ...memory }: CountMemory, replicas: number): CountMemory => ({
  ...memory,
  expected: replicas,
  zeroByHand: memory.zeroByHand && replicas === 0,
});

/** The operator's own change was refused or not answered. */
export const askedCount = (memory: CountMemory, replicas: number): CountMemory => ({
  ...memory,
  asked: replicas,
});

/** The count that was asked for without an answer before, and is there now. */
export const madeLate = (before: CountMemory | undefined, now: CountMemory): number | undefined =>
  before?.asked !== undefined && now.asked === undefined && now.expected === before.asked
    ? before.asked
    : undefined;

/** A pause has ended: what a person held is respected as if it had been raised by hand now. */
export const releasedCount = (
  memory: CountMemory,
  { holdMs, nowMs }: { readonly holdMs: number; readonly nowMs: number },
): CountMemory => ({ ...memory, raisedUntilMs: Math.max(memory.raisedUntilMs, nowMs + holdMs) });

/** Somebody else sets the count and may: it is taken as it is, and what was thought of earlier writes is over. */
export const followCount = (memory: CountMemory, desired: number): CountMemory =>
  isPlain(memory) && memory.expected === desired ? memory : firstCount(desired);

const isPlain = ({
  asked,
  zeroByHand,
  raisedUntilMs,
  conflictUntilMs,
  foreignWritesMs,
}: CountMemory): boolean =>
  asked === undefined && !zeroByHand && raisedUntilMs + conflictUntilMs + foreignWritesMs.length === 0;

/**
 * Compares the count that is there with the one expected. A difference is somebody else's write: zero with min ≥ 1 is a
 * pause, a higher count is respected for `holdMs`, and three writes in ten minutes are a conflict from which the operator
 * backs off for five minutes.
 */
export function observeCount(
  memory: CountMemory,
  desired: number,
  { min, holdMs, nowMs }: { readonly min: number; readonly holdMs: number; readonly nowMs: number },
): CountMemory {
  if (desired === memory.expected) return memory;
  if (desired === memory.asked) return changedCount(memory, desired);
  const foreignWritesMs = [
    ...memory.foreignWritesMs.filter((at) => nowMs - at < conflictWindowMs),
    nowMs,
  ].slice(-writesToConflict);
  return {
    expected: desired,
    zeroByHand: desired === 0 && min >= 1,
    raisedUntilMs: desired > memory.expected ? nowMs + holdMs : 0,
    foreignWritesMs,
    conflictUntilMs: foreignWritesMs.length === writesToConflict ? nowMs + backOffMs : memory.conflictUntilMs,
  };
}

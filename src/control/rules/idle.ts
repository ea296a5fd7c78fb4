import type { CleanQueue } from "../signals/clean-readings.ts";
import { rounded } from "../signals/plausible.ts";

/** Since when every queue was seen with nothing ready, unacked or running; null when something was, or is not known. */
export type IdleMemory = number | null;

const isIdle = ({ broker, workers }: CleanQueue): boolean =>
  broker !== undefined && broker.ready === 0 && (broker.unacked ?? 0) === 0 && (workers?.running ?? 0) === 0;

export type IdleStep = {
  readonly t: number;
  /** The figures are complete. */
  readonly complete: boolean;
  /** A counter moved since the last step: work came and went between two looks. */
  readonly moved: boolean;
};

export const withIdle = (
  memory: IdleMemory,
  queues: readonly CleanQueue[],
  { t, complete, moved }: IdleStep,
): IdleMemory => {
  if (!complete || moved || !queues.every(isIdle)) return null;
  return memory ?? rounded(t, 1e3);
};

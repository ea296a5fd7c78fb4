import type { CleanQueue } from "../signals/clean-readings.ts";
import { rounded } from "../signals/plausible.ts";

/** The largest age of the broker's statistics in the last minute, where nothing else says what is in progress; and when it was. */
export type LatenessMemory = { readonly seconds: number; readonly at: number };

export const noLateness: LatenessMemory = { seconds: 0, at: 0 };

/** Long enough to have seen statistics just before the next ones came. Seconds. */
const MEMORY_SECONDS = 60;

const ageOf = ({ broker, workers }: CleanQueue, t: number): number =>
  broker?.unacked === undefined || workers !== undefined ? 0 : t - broker.at;

/**
 * Statistics are as old as the broker's interval and one poll of it: about two intervals at most. Whatever must be true
 * for a while before a replica goes must be so for that long, or it would be seen in one sample or none.
 */
export const withLateness = (
  memory: LatenessMemory,
  queues: readonly CleanQueue[],
  t: number,
): LatenessMemory => {
  const seconds = queues.reduce((most, queue) => Math.max(most, ageOf(queue, t)), 0);
  const isOver = t - memory.at > MEMORY_SECONDS;
  return seconds >= memory.seconds || isOver
    ? { seconds: rounded(seconds, 1e3), at: rounded(t, 1e3) }
    : memory;
};

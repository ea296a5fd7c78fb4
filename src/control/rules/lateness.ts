import type { CleanQueue } from "../signals/clean-readings.ts";
import { rounded } from "../signals/plausible.ts";

/**
 * `seconds`: the largest age of the broker's statistics in the last minute or two, where nothing else says what is in
 * progress; `recent`: the largest since `at`.
 */
export type LatenessMemory = { readonly seconds: number; readonly recent: number; readonly at: number };

export const noLateness: LatenessMemory = { seconds: 0, recent: 0, at: 0 };

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
  const age = rounded(
    queues.reduce((most, queue) => Math.max(most, ageOf(queue, t)), 0),
    1e3,
  );
  const { seconds, at } = memory;
  const recent = Math.max(memory.recent, age);
  if (t - at > MEMORY_SECONDS) return { seconds: recent, recent: age, at: rounded(t, 1e3) };
  return { seconds: Math.max(seconds, age), recent, at };
};

import type { History } from "./history.ts";
import { clamp, rounded } from "./plausible.ts";

/**
 * A guess about the past put right: `jobs` more (or fewer) came between two control times than was thought, evenly as
 * far as is known. A count that corrects what was guessed says nothing about the present rate.
 */
export type Correction = { readonly from: number; readonly until: number; readonly jobs: number };

/** What corrections add to a total believed at time t: nothing before `from`, all of it after `until`. */
export const correctionAt = (corrections: readonly Correction[], t: number): number =>
  corrections.reduce((sum, { from, until, jobs }) => {
    const share = until > from ? (t - from) / (until - from) : t >= until ? 1 : 0;
    return sum + jobs * clamp(share, 0, 1);
  }, 0);

/** The history as it would have been, never falling. */
export const corrected = (history: History, corrections: readonly Correction[]): History => {
  if (corrections.length === 0) return history;
  const values = history.values.map((value, i) =>
    rounded(value + correctionAt(corrections, history.times[i] ?? 0), 1e2),
  );
  for (let i = values.length - 2; i >= 0; i -= 1) values[i] = Math.min(values[i] ?? 0, values[i + 1] ?? 0);
  return { times: history.times, values };
};

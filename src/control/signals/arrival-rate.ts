import { type History, valueAt } from "./history.ts";

/** Jobs per second, the window it was taken over, and the variance of the estimate (jobs/s squared). */
export type Rate = {
  readonly perSecond: number;
  readonly windowSeconds: number;
  readonly variance: number;
};

const SHORTEST_SECONDS = 2.5;
const GROWTH = 1.6;
/** The longest window. Seconds. */
export const LONGEST_WINDOW_SECONDS = 300;
const LEAST_SPAN_SECONDS = 1;
const DEVIATIONS_BELOW = 1.8;
const DEVIATIONS_ABOVE = 2.2;

const nextWindow = (seconds: number, span: number): number | undefined => {
  if (seconds >= Math.min(span, LONGEST_WINDOW_SECONDS)) return undefined;
  const longer = Math.min(seconds * GROWTH, LONGEST_WINDOW_SECONDS);
  return longer <= span ? longer : undefined;
};

/**
 * The present rate, over the longest window that does not contradict the shorter ones (Lepski's method: intersection
 * of confidence intervals). Windows 2.5 s, x1.6 up to 300 s, each with n jobs: r = n/T, sd = sqrt(I (n + 1))/T; walking
 * from short to long, the intervals [r - 1.8 sd, r + 2.2 sd] are intersected, and the last window before the
 * intersection is empty is taken. Variance I (n + 1)/T^2. undefined before a second of history; a
 * history shorter than the first window counts as empty before: two jobs in the first second are no two jobs a second.
 */
export const arrivalRate = (history: History, dispersion: number): Rate | undefined => {
  const now = history.times.at(-1) ?? 0;
  const total = history.values.at(-1) ?? 0;
  const span = now - (history.times[0] ?? now);
  if (span < LEAST_SPAN_SECONDS) return undefined;
  let low = 0;
  let high = Number.MAX_VALUE;
  let best: Rate | undefined;
  let seconds: number | undefined = SHORTEST_SECONDS;
  while (seconds !== undefined) {
    const jobs = Math.max(0, total - valueAt(history, now - seconds));
    const perSecond = jobs / seconds;
    const variance = (dispersion * (jobs + 1)) / (seconds * seconds);
    const deviation = Math.sqrt(variance);
    low = Math.max(low, perSecond - DEVIATIONS_BELOW * deviation);
    high = Math.min(high, perSecond + DEVIATIONS_ABOVE * deviation);
    if (best !== undefined && low > high) return best;
    best = { perSecond, windowSeconds: seconds, variance };
    seconds = nextWindow(seconds, span);
  }
  return best;
};

import { rounded } from "./plausible.ts";

/** A total over time. `times` (control seconds, ascending) and `values` go together, oldest first; at most `most` points. */
export type History = { readonly times: readonly number[]; readonly values: readonly number[] };

export type HistoryBounds = {
  /** Points older than this before the newest are dropped (one is kept beyond, to interpolate from). Seconds. */
  readonly longestSeconds: number;
  /** Most points. */
  readonly most: number;
};

export const emptyHistory: History = { times: [], values: [] };

/** Points this young are all kept, unless they are closer than a tenth of it. Seconds. */
const DENSE_SECONDS = 10;
/** Points this close replace each other. Seconds. */
const CLOSEST_SECONDS = 0.4;

/** The spacing that is fine enough for a point of this age: it grows with the age, so the number of points grows with its logarithm. */
const spacing = (age: number, most: number): number =>
  Math.max(CLOSEST_SECONDS, (Math.max(0, age - DENSE_SECONDS) * 10) / most);

/**
 * Adds a point and thins the old ones. A point at the time of the newest replaces it; a total that fell shows that the
 * earlier ones were guessed too high, and takes them down with it.
 */
export const appended = (history: History, t: number, value: number, bounds: HistoryBounds): History => {
  const { longestSeconds, most } = bounds;
  const newest = rounded(value, 1e2);
  const times: number[] = [];
  const values: number[] = [];
  const { times: oldTimes, values: oldValues } = history;
  const count = oldTimes.length;
  for (let i = 0; i < count; i += 1) {
    const time = oldTimes[i] ?? 0;
    const next = oldTimes[i + 1] ?? t;
    if (time >= t || next < t - longestSeconds) continue;
    const before = times.at(-1);
    if (before !== undefined && next - before <= spacing(t - time, most)) continue;
    times.push(time);
    values.push(Math.min(oldValues[i] ?? 0, newest));
  }
  times.push(rounded(t, 1e3));
  values.push(newest);
  const excess = times.length - most;
  return excess > 0 ? { times: times.slice(excess), values: values.slice(excess) } : { times, values };
};

/** The value at a time, by linear interpolation; before the oldest point the oldest value, after the newest the newest. 0 without points. */
export const valueAt = (history: History, t: number): number => {
  const { times, values } = history;
  for (let i = times.length - 1; i >= 0; i -= 1) {
    const time = times[i] ?? 0;
    if (time > t) continue;
    const value = values[i] ?? 0;
    const nextTime = times[i + 1];
    if (nextTime === undefined || nextTime <= time) return value;
    return value + (((values[i + 1] ?? value) - value) * (t - time)) / (nextTime - time);
  }
  return values[0] ?? 0;
};

/** The latest time at which the total was still at or under `value`; undefined when it was above throughout. */
export const timeOf = (history: History, value: number): number | undefined => {
  const { times, values } = history;
  for (let i = times.length - 1; i >= 0; i -= 1) {
    const here = values[i] ?? 0;
    if (here > value) continue;
    const time = times[i] ?? 0;
    const next = values[i + 1];
    if (next === undefined || next <= here) return time;
    return time + (((times[i + 1] ?? time) - time) * (value - here)) / (next - here);
  }
  return undefined;
};

/** Beyond this a count or a time is taken for nonsense; sums of a thousand such figures stay exact enough to compare. */
const LARGEST = 1e12;

/** The figure when it is a number from 0 to 1e12, else undefined: NaN, negatives, infinities and absurd sizes are unknown; -0 is 0. */
export const plausible = (value: number | undefined): number | undefined =>
  value !== undefined && value >= 0 && value <= LARGEST ? value + 0 : undefined;

/** A clock may run ahead of ours by this much before a negative age makes a block unknown. Seconds. */
const CLOCK_SKEW_SECONDS = 5;

/** The age, 0 for slightly negative ones, undefined for what is too old, too far in the future, or no number. Seconds. */
export const usableAge = (ageSeconds: number, staleAfterSeconds: number): number | undefined =>
  ageSeconds >= -CLOCK_SKEW_SECONDS && ageSeconds <= staleAfterSeconds ? Math.max(0, ageSeconds) : undefined;

/** Rounded to a step of 1/scale, so that the state stays short as JSON; what is no number becomes 0. */
export const rounded = (value: number, scale: number): number => {
  const result = Math.round(value * scale) / scale;
  return Number.isFinite(result) ? result + 0 : 0;
};

/** Kept within [low, high]; what is no number becomes low. */
export const clamp = (value: number, low: number, high: number): number =>
  value > low ? Math.min(value, high) : low;

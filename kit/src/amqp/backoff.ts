export type BackoffRange = { readonly minMs: number; readonly maxMs: number };

/**
 * The wait before the next try: doubles with each failure in a row up to the maximum, then a random share between half
 * of it and all of it, so that many processes do not return together.
 *
 * @param failures in a row, 0 after a success
 * @param random in [0, 1)
 */
export function backoffMs(range: BackoffRange, failures: number, random: number): number {
  const fullMs = Math.min(range.maxMs, range.minMs * 2 ** Math.min(failures, 30));
  return fullMs * (0.5 + random / 2);
}

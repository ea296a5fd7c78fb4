/** From this many crashes in a row on, a replica that is not ready counts as crash-looping. */
export const crashLoopAfter = 3;

const firstDelayMs = 250;
const maxDelayMs = 30_000;

/**
 * Wait before a crashed replica starts again. None after the first crash (a metrics port taken by somebody else ends that
 * way), then 250 ms, doubling, at most 30 s.
 *
 * @param crashes crashes in a row, ≥ 1
 */
export const restartDelayMs = (crashes: number): number =>
  crashes <= 1 ? 0 : Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(crashes - 2, 30));

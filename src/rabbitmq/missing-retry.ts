/** Each question about a queue that does not exist costs a channel: so many of them a second, at most. */
const missingPerSecond = 20;
const leastMs = 500;
const mostMs = 60_000;

/**
 * When a queue that is missing is asked for again. Half a second while at most ten are missing, so that a queue made with
 * its first message is seen within a second; with a hundred of them, five.
 */
export const missingRetryMs = (missing: number): number =>
  Math.min(mostMs, Math.max(leastMs, (missing / missingPerSecond) * 1_000));

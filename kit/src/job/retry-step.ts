/**
 * The delay step for the retry after a failed attempt: the first step after attempt 1, the second after attempt 2, the
 * last one for all later. Jitter takes the neighbouring step in a quarter of the cases each way, so that jobs that
 * failed together do not all return together.
 *
 * @param stepsMs the delay steps, ascending, at least one
 * @param attempt the attempt that failed, from 1
 * @param random in [0, 1)
 */
export function retryStep(stepsMs: readonly number[], attempt: number, random: number): number {
  const last = stepsMs.length - 1;
  const base = Math.min(Math.max(0, attempt - 1), last);
  const shift = random < 0.25 ? -1 : random >= 0.75 ? 1 : 0;
  return at(stepsMs, Math.min(Math.max(0, base + shift), last));
}

/** The shortest step that is at least `minDelayMs`; the longest one when none is. */
export function stepAtLeast(stepsMs: readonly number[], minDelayMs: number): number {
  return stepsMs.find((stepMs) => stepMs >= minDelayMs) ?? at(stepsMs, stepsMs.length - 1);
}

function at(stepsMs: readonly number[], index: number): number {
  const stepMs = stepsMs[index];
  if (stepMs === undefined) throw new RangeError("at least one delay step is needed");
  return stepMs;
}

import type { Managed } from "./merge-block.ts";

/** A publisher's clock may be ahead by so much; beyond that its timestamps are no seconds, or wrong. */
const aheadSeconds = 5;

/**
 * How long the first message has waited, by the timestamp that its publisher gave it, in seconds ≥ 0. undefined where
 * the broker does not tell it (quorum queues, messages without a timestamp), and where nothing waits any more.
 */
export const oldestAgeSeconds = (
  { headPublishedSeconds }: Pick<Managed, "headPublishedSeconds">,
  { ready, nowMs }: { readonly ready: number; readonly nowMs: number },
): number | undefined => {
  if (headPublishedSeconds === undefined || ready === 0) return undefined;
  const ageSeconds = nowMs / 1_000 - headPublishedSeconds;
  return ageSeconds < -aheadSeconds ? undefined : Math.max(0, ageSeconds);
};

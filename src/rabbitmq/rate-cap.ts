/** Hands out permits, at most `perSecond` in any second and so many in one go. */
export type RateCap = { take(wanted: number, nowMs: number): number };

export const createRateCap = (perSecond: number): RateCap => {
  let left = perSecond;
  let lastMs: number | undefined;
  return {
    take(wanted, nowMs) {
      const passedMs = Math.max(0, nowMs - (lastMs ?? nowMs));
      lastMs = nowMs;
      left = Math.min(perSecond, left + (passedMs / 1_000) * perSecond);
      const given = Math.min(wanted, Math.floor(left));
      left -= given;
      return given;
    },
  };
};

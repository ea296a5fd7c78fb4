/**
 * How long ago the operator looked, in steps of ten seconds, where it says itself that this is too long ago to know
 * anything; undefined otherwise.
 * @param {import("../contract.ts").Summary} summary
 * @param {number} nowMs
 */
export function oldLookSeconds({ verdict, lookedAt }, nowMs) {
  if (verdict !== "unknown" || lookedAt === undefined) return undefined;
  const seconds = Math.floor((nowMs - Date.parse(lookedAt)) / 10_000) * 10;
  return seconds >= 30 ? seconds : undefined;
}

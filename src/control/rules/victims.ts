import type { CleanFleet } from "../signals/clean-readings.ts";

/** Kubernetes' own default for a pod's termination grace. Seconds. */
const DEFAULT_GRACE_SECONDS = 30;

export type VictimQuestion = {
  readonly fleet: CleanFleet;
  /** Only replicas without a job may go, by the spec. */
  readonly idleOnly: boolean;
  /** 99 % of jobs end within this; undefined until measured. Seconds. */
  readonly longServiceSeconds: number | undefined;
  /** Jobs running anywhere. */
  readonly running: number;
  /** Jobs that idle replicas may have begun since they were seen idle. */
  readonly begunSince: number;
};

/**
 * The least count that interrupts no job that could finish. Everything may go when jobs end within the grace period.
 * Otherwise only what runs nothing: idle and starting replicas where victims can be chosen, less as many as may have
 * begun a job since; where they cannot, nothing until no job runs at all.
 */
export const leastWithoutInterruption = (of: VictimQuestion): number => {
  const { fleet, idleOnly, longServiceSeconds, running, begunSince } = of;
  const grace = fleet.graceSeconds ?? DEFAULT_GRACE_SECONDS;
  const fits = longServiceSeconds !== undefined && longServiceSeconds <= grace;
  if (running <= 0 || (fits && !idleOnly)) return 0;
  if (fleet.idle === undefined) return fleet.desired;
  const busy = Math.max(0, Math.min(fleet.ready, fleet.desired) - fleet.idle);
  return Math.min(fleet.desired, busy + begunSince);
};

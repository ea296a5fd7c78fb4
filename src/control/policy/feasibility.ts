import type { Feasibility } from "../contract.ts";
import { rounded } from "../signals/plausible.ts";
import { erlangSlots } from "./erlang.ts";

/** Largest offered load, forgotten over six hours. Erlangs. */
export const withPeak = (peak: number, offeredLoad: number, elapsed: number): number =>
  rounded(Math.max(offeredLoad, peak * Math.exp(-elapsed / 21_600)), 1e4);

export type FeasibilityEvidence = {
  /** undefined until told. */
  readonly startupSeconds: number | undefined;
  readonly waitSeconds: number;
  readonly serviceSeconds: number;
  readonly attainmentRatio: number;
  readonly peakLoad: number;
  readonly slots: number;
  /** Jobs in the budget window, and of them the late ones. */
  readonly started: number;
  readonly late: number;
  /** A downstream cap, not the reaction, makes jobs late. */
  readonly limited: boolean;
};

const ENOUGH_JOBS = 20;
const HOPELESS_SHARE = 0.2;

/**
 * Infeasible by reacting when a start-up takes longer than the wait and more than a fifth of at least 20 jobs were late.
 * The warm replicas that would do: Erlang C for the peak load at P(wait > W) <= 1 - ratio.
 */
export const feasibilityOf = (of: FeasibilityEvidence): Feasibility => {
  if (of.startupSeconds === undefined) return { kind: "unknown" };
  if (of.startupSeconds <= of.waitSeconds) return { kind: "feasible" };
  if (of.started < ENOUGH_JOBS) return { kind: "unknown" };
  if (of.limited || of.late <= HOPELESS_SHARE * of.started) return { kind: "feasible" };
  const slots = erlangSlots({
    offeredLoad: of.peakLoad,
    serviceSeconds: of.serviceSeconds,
    waitSeconds: of.waitSeconds,
    lateShare: 1 - of.attainmentRatio,
  });
  const warmReplicasNeeded = Math.max(1, Math.ceil(slots / of.slots));
  const share = Math.round((100 * of.late) / of.started);
  return {
    kind: "infeasible",
    warmReplicasNeeded,
    because: `A start-up takes ${of.startupSeconds.toFixed(1)} s, the promise is ${of.waitSeconds} s, and ${share} % of the jobs started late.`,
  };
};

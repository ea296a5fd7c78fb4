import { promise } from "./promise.ts";

/** A stretch of steady load. Times are seconds from the start of the load. */
export type Phase = {
  readonly name: string;
  readonly fromSeconds: number;
  readonly untilSeconds: number;
  readonly arrivalsPerSecond: number;
  /** Mean service time. */
  readonly serviceSeconds: number;
};

/** One job to submit. */
export type PlannedJob = {
  readonly atSeconds: number;
  /** Its own service time. */
  readonly serviceSeconds: number;
  readonly phase: string;
};

const { serviceSeconds, slowServiceSeconds } = promise;

/** Shares of the whole, in order: an uneven load; the jobs slow down while they keep coming. */
const shares: readonly (Omit<Phase, "fromSeconds" | "untilSeconds"> & { readonly share: number })[] = [
  { name: "calm", share: 18 / 90, arrivalsPerSecond: 2, serviceSeconds },
  { name: "burst x8", share: 18 / 90, arrivalsPerSecond: 16, serviceSeconds },
  { name: "idle", share: 22 / 90, arrivalsPerSecond: 0, serviceSeconds },
  { name: "back", share: 10 / 90, arrivalsPerSecond: 4, serviceSeconds },
  { name: "slow-down", share: 16 / 90, arrivalsPerSecond: 4, serviceSeconds: slowServiceSeconds },
  { name: "idle again", share: 6 / 90, arrivalsPerSecond: 0, serviceSeconds },
];

/** The phases of a round that lasts `totalSeconds` and starts `offsetSeconds` after the start of the load. */
export const loadPlan = (totalSeconds: number, offsetSeconds = 0): readonly Phase[] => {
  let fromSeconds = offsetSeconds;
  return shares.map(({ share, ...phase }) => {
    const untilSeconds = fromSeconds + share * totalSeconds;
    const planned = { ...phase, fromSeconds, untilSeconds };
    fromSeconds = untilSeconds;
    return planned;
  });
};

/**
 * The jobs of a phase, oldest first: a Poisson process of the phase's rate, service times uniform within half of the
 * mean to one and a half of it. `random` gives numbers in [0, 1).
 */
export const plannedJobs = (phase: Phase, random: () => number): readonly PlannedJob[] => {
  const jobs: PlannedJob[] = [];
  if (phase.arrivalsPerSecond === 0) return jobs;
  const gapSeconds = (): number => -Math.log(1 - random()) / phase.arrivalsPerSecond;
  for (let at = phase.fromSeconds + gapSeconds(); at < phase.untilSeconds; at += gapSeconds()) {
    jobs.push({ atSeconds: at, serviceSeconds: phase.serviceSeconds * (0.5 + random()), phase: phase.name });
  }
  return jobs;
};

/** Numbers in [0, 1) that are the same for the same seed (mulberry32), so that two runs submit the same load. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

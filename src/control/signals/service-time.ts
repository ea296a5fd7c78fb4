import { clamp, rounded } from "./plausible.ts";

/**
 * Sums of what was measured, forgotten job by job. jobs, seconds: finished jobs and their service time; recentJobs,
 * recentSeconds: the same, forgotten sooner; latestJobs, latestSeconds: sooner still; spread, spreadJobs: for the squared coefficient of variation; boundJobs, boundSeconds: an upper bound (see withBound);
 * busySeconds: what ran since the start, finished or not.
 */
export type ServiceMemory = {
  readonly jobs: number;
  readonly seconds: number;
  readonly recentJobs: number;
  readonly recentSeconds: number;
  readonly latestJobs: number;
  readonly latestSeconds: number;
  readonly spread: number;
  readonly spreadJobs: number;
  readonly boundJobs: number;
  readonly boundSeconds: number;
  readonly busySeconds: number;
};

const MEMORY_JOBS = 400;
const RECENT_MEMORY_JOBS = 40;
const LATEST_MEMORY_JOBS = 12;
/** Standard errors of a shorter memory's mean beyond which the longer one is out of date. */
const CHANGED_DEVIATIONS = 3;
const SPREAD_MEMORY_JOBS = 2000;
const SPREAD_PRIOR_JOBS = 50;
const LEAST_SPREAD = 0.1;
const LARGEST_SPREAD = 6;
/** Three jobs, less what was forgotten of them. */
const ENOUGH_JOBS = 2.5;
const SHORTEST_SECONDS = 1e-4;

export const newService: ServiceMemory = {
  jobs: 0,
  seconds: 0,
  recentJobs: 0,
  recentSeconds: 0,
  latestJobs: 0,
  latestSeconds: 0,
  spread: 0,
  spreadJobs: 0,
  boundJobs: 0,
  boundSeconds: 0,
  busySeconds: 0,
};

const variationOf = ({ spread, spreadJobs }: ServiceMemory): number =>
  clamp((spread + SPREAD_PRIOR_JOBS) / (spreadJobs + SPREAD_PRIOR_JOBS), LEAST_SPREAD, LARGEST_SPREAD);

type Memory = { readonly jobs: number; readonly seconds: number; readonly length: number };

/** The shorter memory's mean where it has filled up to half and differs by more than three of its standard errors; else the longer one's. */
const unlessChanged = (mean: number, shorter: Memory, variation: number): number => {
  const error = mean * Math.sqrt(variation / shorter.length);
  const other = shorter.seconds / shorter.jobs;
  const changed = shorter.jobs >= shorter.length / 2 && Math.abs(other - mean) > CHANGED_DEVIATIONS * error;
  return changed ? other : mean;
};

/**
 * Mean over 400 jobs, unless that of the last 40 differs by more than three of its standard errors,
 * sqrt(variation / 40) means: then jobs have changed, and the recent ones count; and the same again with the last 12.
 * Seconds.
 */
const meanOf = (memory: ServiceMemory): number => {
  const { jobs, seconds, recentJobs, recentSeconds, latestJobs, latestSeconds } = memory;
  const variation = variationOf(memory);
  const recent = { jobs: recentJobs, seconds: recentSeconds, length: RECENT_MEMORY_JOBS };
  const latest = { jobs: latestJobs, seconds: latestSeconds, length: LATEST_MEMORY_JOBS };
  const mean = unlessChanged(unlessChanged(seconds / jobs, recent, variation), latest, variation);
  return Math.max(SHORTEST_SECONDS, mean);
};

/** Adds finished jobs and their service seconds; forgetting over 400 jobs, the recent ones' over 40, the latest ones' over 12, the spread's over 2,000. */
export const withFinished = (memory: ServiceMemory, jobs: number, seconds: number): ServiceMemory => {
  if (jobs <= 0) return memory;
  const keep = Math.exp(-jobs / MEMORY_JOBS);
  const keepRecent = Math.exp(-jobs / RECENT_MEMORY_JOBS);
  const keepLatest = Math.exp(-jobs / LATEST_MEMORY_JOBS);
  const sums = {
    jobs: rounded(memory.jobs * keep + jobs, 1e3),
    seconds: rounded(memory.seconds * keep + seconds, 1e4),
    recentJobs: rounded(memory.recentJobs * keepRecent + jobs, 1e3),
    recentSeconds: rounded(memory.recentSeconds * keepRecent + seconds, 1e4),
    latestJobs: rounded(memory.latestJobs * keepLatest + jobs, 1e3),
    latestSeconds: rounded(memory.latestSeconds * keepLatest + seconds, 1e4),
  };
  const mean = sums.seconds / sums.jobs;
  if (memory.jobs < ENOUGH_JOBS || mean < SHORTEST_SECONDS) return { ...memory, ...sums };
  const keepSpread = Math.exp(-jobs / SPREAD_MEMORY_JOBS);
  const spread = (seconds / mean - jobs) ** 2;
  return {
    ...memory,
    ...sums,
    spread: rounded(memory.spread * keepSpread + spread, 1e3),
    spreadJobs: rounded(memory.spreadJobs * keepSpread + jobs, 1e3),
  };
};

/**
 * Where only the broker is known: busy seconds per settled job while jobs wait measure the service time (withFinished);
 * at all other times they bound it from above, since a slot counted as busy may hold a job that only lies there.
 */
export const withBound = (memory: ServiceMemory, jobs: number, seconds: number): ServiceMemory => {
  const keep = Math.exp(-jobs / MEMORY_JOBS);
  return {
    ...memory,
    boundJobs: rounded(memory.boundJobs * keep + jobs, 1e3),
    boundSeconds: rounded(memory.boundSeconds * keep + seconds, 1e4),
  };
};

export const withBusy = (memory: ServiceMemory, seconds: number): ServiceMemory => ({
  ...memory,
  busySeconds: rounded(memory.busySeconds + seconds, 1e3),
});

/** Mean service time, its squared coefficient of variation (0.1 to 6), and how many jobs stand behind them. */
export type Service = { readonly seconds: number; readonly variation: number; readonly jobs: number };

export type ServicePrior = {
  /** By the spec, else half the wait. */
  readonly seconds: number;
  /** Measured before a restart; used only until anything is seen again. */
  readonly remembered: number | null;
};

/** Enough jobs were measured to go by their mean. */
export const isMeasured = ({ jobs }: ServiceMemory): boolean => jobs >= ENOUGH_JOBS;

/** Jobs in progress, and where only the broker tells, seconds that they are known to have taken. */
export type InProgress = {
  readonly running: number;
  readonly unsettled: { readonly confirmedSeconds: number };
};

/**
 * The estimate. From three measured jobs on, their mean. Until then what is expected, and at least what was
 * spent on each job so far, ended or not.
 */
export const serviceOf = (memory: ServiceMemory, prior: ServicePrior, inProgress: InProgress): Service => {
  const variation = variationOf(memory);
  if (isMeasured(memory)) {
    return { seconds: meanOf(memory), variation, jobs: memory.jobs };
  }
  const expected = expectedSeconds(memory, prior);
  return {
    seconds: Math.max(SHORTEST_SECONDS, expected, seenSeconds(memory, inProgress)),
    variation,
    jobs: memory.jobs,
  };
};

/**
 * The prior counts as one job beside those that were measured or bounded, and is never exceeded here: three jobs may have
 * been long by chance, and slots that count as busy may hold jobs that only lie there.
 */
const expectedSeconds = (memory: ServiceMemory, { seconds, remembered }: ServicePrior): number => {
  const first = remembered ?? seconds;
  const { jobs, boundJobs, boundSeconds } = memory;
  if (boundJobs > jobs) return Math.min(Math.max(first, seconds), (first + boundSeconds) / (1 + boundJobs));
  return Math.min(first, (first + memory.seconds) / (1 + jobs));
};

/** Where jobs were seen to be settled, those that are not for long are no longer jobs but stuck. */
const seenSeconds = (memory: ServiceMemory, { running, unsettled }: InProgress): number => {
  const untold = memory.boundJobs > 0 ? 0 : unsettled.confirmedSeconds;
  return (memory.busySeconds + untold) / Math.max(1, memory.jobs + running);
};

/**
 * The service time that 99 % of jobs stay under, by a log-normal law with this mean and variation:
 * s = sqrt(ln(1 + v)), p99 = mean exp(2.326 s - s^2/2): 4.9 means at v = 1. From what was measured, else from its upper
 * bound, else from what the spec expects, else undefined. Seconds.
 */
export const longServiceSeconds = (
  memory: ServiceMemory,
  { variation }: Service,
  expectedSeconds: number | undefined,
): number | undefined => {
  const bound = memory.boundJobs >= ENOUGH_JOBS ? memory.boundSeconds / memory.boundJobs : expectedSeconds;
  const mean = memory.jobs >= ENOUGH_JOBS ? meanOf(memory) : bound;
  if (mean === undefined) return undefined;
  const squared = Math.log(1 + variation);
  return mean * Math.exp(2.326 * Math.sqrt(squared) - squared / 2);
};

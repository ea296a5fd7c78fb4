import { clamp, rounded } from "../signals/plausible.ts";

/** Jobs that started and of them those that started late, forgotten over 4 h; and the logarithm of the price. */
export type BudgetMemory = {
  readonly started: number;
  readonly late: number;
  readonly logPrice: number;
  /** Late and started by the workers' own histograms, forgotten alike: the attainment that is reported. */
  readonly measured: number;
  readonly measuredLate: number;
};

const BASE_PRICE = 20;
const LEAST_PRICE = 5;
const LARGEST_PRICE = 300;
const EXPONENT = 4;
const INERTIA_SECONDS = 100;
const MEMORY_SECONDS = 14_400;
const PRIOR_SECONDS = 300;
const PRIOR_JOBS = 20;
/** Share of the error budget that is aimed at. */
const ALLOWED_SHARE = 0.7;

export const newBudget: BudgetMemory = {
  started: 0,
  late: 0,
  logPrice: Math.round(Math.log(BASE_PRICE) * 1e4) / 1e4,
  measured: 0,
  measuredLate: 0,
};

export type BudgetStep = {
  readonly elapsed: number;
  readonly started: number;
  readonly late: number;
  /** The workers told how many were late. */
  readonly told: boolean;
  readonly perSecond: number;
  readonly attainmentRatio: number;
};

/**
 * Follows the error budget. allowed = 0.7 (1 - ratio); used = (M + allowed N0)/(N + N0)/allowed with N0 = 300 s of jobs,
 * at least 20; goal = clamp(20 exp(4 (used - 1)), 5, 300); ln P follows ln goal with a time constant of 100 s. Nothing
 * integrates, so nothing winds up.
 */
export const withBudget = (memory: BudgetMemory, now: BudgetStep): BudgetMemory => {
  const keep = Math.exp(-now.elapsed / MEMORY_SECONDS);
  const started = memory.started * keep + now.started;
  const late = Math.min(started, memory.late * keep + now.late);
  const allowed = ALLOWED_SHARE * (1 - now.attainmentRatio);
  const prior = Math.max(PRIOR_JOBS, PRIOR_SECONDS * now.perSecond);
  const used = (late + allowed * prior) / (started + prior) / allowed;
  const goal = clamp(BASE_PRICE * Math.exp(EXPONENT * (used - 1)), LEAST_PRICE, LARGEST_PRICE);
  const pull = 1 - Math.exp(-now.elapsed / INERTIA_SECONDS);
  const told = now.told ? now : { started: 0, late: 0 };
  return {
    started: rounded(started, 1e3),
    late: rounded(late, 1e3),
    logPrice: rounded(memory.logPrice + (Math.log(goal) - memory.logPrice) * pull, 1e5),
    measured: rounded(memory.measured * keep + told.started, 1e3),
    measuredLate: rounded(memory.measuredLate * keep + told.late, 1e3),
  };
};

/** How many service times a late job is worth now. 5 to 300. */
export const priceOf = ({ logPrice }: BudgetMemory): number => Math.exp(logPrice);

/** Share of jobs that started in time, by the workers' histograms; undefined before the first. */
export const attainmentOf = ({ measured, measuredLate }: BudgetMemory): number | undefined =>
  measured >= 1 ? clamp(1 - measuredLate / measured, 0, 1) : undefined;

import { clamp, rounded } from "./plausible.ts";

/** Forecasts not yet due, oldest first (at most 6), each [time, total, rate]; and the sums of those that came due. */
export type ForecastMemory = {
  readonly notes: readonly (readonly [time: number, total: number, perSecond: number])[];
  readonly squares: number;
  readonly expected: number;
  readonly weight: number;
};

const LONGEST_SECONDS = 150;
const NOTES = 4;
const MOST_NOTES = 6;
const MEMORY_SECONDS = 900;
const PRIOR = 1.5;
const PRIOR_WEIGHT = 4;
const LARGEST = 200;
const UP = 1.5;
const DOWN = 0.3;

export const newForecasts: ForecastMemory = { notes: [], squares: 0, expected: 0, weight: 0 };

/** How far ahead the rate is checked: one wait and one start-up, at most 150 s. */
export const forecastSeconds = (waitSeconds: number, startupSeconds: number): number =>
  Math.min(LONGEST_SECONDS, waitSeconds + startupSeconds);

/** F: mean squared error of "the rate stays" over its mean; 1.5 until known, at most 200. */
export const forecastErrorOf = ({ squares, expected, weight }: ForecastMemory): number => {
  if (weight <= 0 || expected <= 0) return PRIOR;
  const prior = (PRIOR_WEIGHT * expected) / weight;
  return clamp((squares + PRIOR * prior) / (expected + prior), 0, LARGEST);
};

export type ForecastCheck = {
  readonly t: number;
  readonly total: number;
  readonly perSecond: number;
  readonly dispersion: number;
  readonly aheadSeconds: number;
};

const due = (memory: ForecastMemory, check: ForecastCheck): ForecastMemory => {
  const [first, ...notes] = memory.notes;
  if (first === undefined) return memory;
  const [time, total, perSecond] = first;
  const expected = perSecond * (check.t - time);
  const bound = 0.5 * expected + 3 * Math.sqrt(check.dispersion * expected);
  const error = clamp(check.total - total - expected, -bound, bound);
  const keep = Math.exp(-check.aheadSeconds / NOTES / MEMORY_SECONDS);
  return {
    notes,
    squares: rounded(memory.squares * keep + (error > 0 ? UP : DOWN) * error * error, 1e3),
    expected: rounded(memory.expected * keep + expected, 1e3),
    weight: rounded(memory.weight * keep + 1, 1e4),
  };
};

/**
 * Notes the rate every quarter of H and, H later, compares what came with rate x H. Errors are clipped at
 * 0.5 rate H + 3 sqrt(I rate H) and weigh 1.5 upwards, 0.3 downwards; memory 900 s.
 */
export const withForecast = (memory: ForecastMemory, check: ForecastCheck): ForecastMemory => {
  const { t, total, perSecond, aheadSeconds } = check;
  const first = memory.notes[0];
  const settled = first !== undefined && t - first[0] >= aheadSeconds ? due(memory, check) : memory;
  const last = settled.notes.at(-1);
  if (last !== undefined && t - last[0] < aheadSeconds / NOTES) return settled;
  const note = [rounded(t, 1e3), rounded(total, 1e2), rounded(perSecond, 1e4)] as const;
  return { ...settled, notes: [...settled.notes, note].slice(-MOST_NOTES) };
};

/**
 * Variance of the rate over the next H seconds: what the window cannot tell apart, or what the forecasts got wrong,
 * whichever is more: max(estimate's, min((0.35 rate)^2, rate (F - I)+ / H)).
 */
export const rateVariance = (of: {
  readonly perSecond: number;
  readonly variance: number;
  readonly forecastError: number;
  readonly dispersion: number;
  readonly aheadSeconds: number;
}): number => {
  const excess = (of.perSecond * Math.max(0, of.forecastError - of.dispersion)) / of.aheadSeconds;
  return Math.max(of.variance, Math.min((0.35 * of.perSecond) ** 2, excess));
};

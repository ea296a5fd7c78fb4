import { clamp, rounded } from "./plausible.ts";

/** Squared differences and sums of neighbouring bins, forgotten over time. `previous` = arrivals of the last whole bin. */
export type DispersionMemory = {
  readonly since: number;
  readonly total: number;
  readonly previous: number | null;
  readonly squares: number;
  readonly sums: number;
  readonly weight: number;
};

const BIN_SECONDS = 10;
const MEMORY_SECONDS = 300;
const PRIOR_BINS = 4;
const CLIP = 9;
const LARGEST = 40;

export const newDispersion = (t: number, total: number): DispersionMemory => ({
  since: rounded(t, 1e3),
  total: rounded(total, 1e2),
  previous: null,
  squares: 0,
  sums: 0,
  weight: 0,
});

/**
 * Index of dispersion of the arrivals over ten seconds: 1 for Poisson, more for clumps. From 1 to 40.
 * I = E[(n1 - n2)^2] / E[n1 + n2] of neighbouring bins, with a prior of 1 that weighs four bins.
 */
export const dispersionOf = ({ squares, sums, weight }: DispersionMemory): number => {
  if (weight <= 0 || sums <= 0) return 1;
  const prior = (PRIOR_BINS * sums) / weight;
  return clamp((squares + prior) / (sums + prior), 1, LARGEST);
};

/** Closes a bin when ten seconds have passed. Each squared difference is clipped at 9 I (n1 + n2 + 1): a step is no dispersion. */
export const withArrivals = (memory: DispersionMemory, t: number, total: number): DispersionMemory => {
  const elapsed = t - memory.since;
  if (elapsed < BIN_SECONDS) return memory;
  const arrived = (Math.max(0, total - memory.total) * BIN_SECONDS) / elapsed;
  const opened = {
    since: rounded(t, 1e3),
    total: rounded(total, 1e2),
    previous: elapsed > 2 * BIN_SECONDS ? null : rounded(arrived, 1e3),
  };
  if (memory.previous === null || opened.previous === null) return { ...memory, ...opened };
  const keep = Math.exp(-elapsed / MEMORY_SECONDS);
  const sum = memory.previous + arrived;
  const square = Math.min((memory.previous - arrived) ** 2, CLIP * dispersionOf(memory) * (sum + 1));
  return {
    ...opened,
    squares: rounded(memory.squares * keep + square, 1e3),
    sums: rounded(memory.sums * keep + sum, 1e3),
    weight: rounded(memory.weight * keep + 1, 1e4),
  };
};

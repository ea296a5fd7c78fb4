/** Loads above this are staffed by the square-root rule instead of the recursion, to bound the work. Erlangs. */
const LARGEST_LOAD = 2_000;

export type StaffingGoal = {
  readonly offeredLoad: number;
  readonly serviceSeconds: number;
  readonly waitSeconds: number;
  /** Largest share of jobs that may wait longer. */
  readonly lateShare: number;
};

/** Two deviations of the load: the square-root staffing rule. */
const bySquareRoot = (load: number): number => Math.ceil(load + 2 * Math.sqrt(load));

/**
 * Least slots c for which a queue with Poisson arrivals keeps P(wait > W) = C(c, a) exp(-(c - a) W/S) at or under the
 * share (Erlang C). The blocking probability B follows B(c) = a B(c-1) / (c + a B(c-1)); C = B / (1 - (a/c)(1 - B)).
 */
export const erlangSlots = (of: StaffingGoal): number => {
  const { offeredLoad: a, serviceSeconds, waitSeconds, lateShare } = of;
  if (a <= 0) return 1;
  if (a > LARGEST_LOAD) return bySquareRoot(a);
  const most = bySquareRoot(a) + 10 + Math.ceil(4 * Math.sqrt(a));
  let blocked = 1;
  for (let c = 1; c <= most; c += 1) {
    blocked = (a * blocked) / (c + a * blocked);
    if (c <= a) continue;
    const waits = blocked / (1 - (a / c) * (1 - blocked));
    if (waits * Math.exp((-(c - a) * waitSeconds) / serviceSeconds) <= lateShare) return c;
  }
  return most;
};

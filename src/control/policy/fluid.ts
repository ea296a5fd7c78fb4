import type { Capacity } from "./capacity.ts";
import type { Deadline } from "./deadlines.ts";
import { normal, normalBelow, normalDensity } from "./normal.ts";

/** What a lane carries now. Jobs, seconds, jobs per second. */
export type Load = {
  /** Waiting and running. */
  readonly inSystem: number;
  readonly deadlines: readonly Deadline[];
  readonly perSecond: number;
  /** Variance of the rate over the horizon. */
  readonly rateVariance: number;
  /** Index of dispersion of the arrivals. */
  readonly dispersion: number;
  readonly serviceSeconds: number;
  /** Squared coefficient of variation of the service time. */
  readonly variation: number;
  readonly waitSeconds: number;
};

/** What the horizon holds. Slot-seconds idle; jobs expected to start late; jobs in the queue at its end beyond what can start in time. */
export type Outlook = {
  readonly idleSlotSeconds: number;
  readonly lateJobs: number;
  readonly jobsTooMany: number;
  readonly endSlots: number;
};

const STEPS = 24;
const SMALL = 1e-9;

/** Slots at a time. */
const slotsAt = (capacity: Capacity, slots: number, t: number): number => {
  let replicas = capacity.ready;
  for (const { inSeconds, replicas: more } of capacity.joining) if (inSeconds <= t) replicas += more;
  return replicas * slots;
};

/** Integral of the slots up to a time. Slot-seconds. */
const slotSecondsUntil = (capacity: Capacity, slots: number, t: number): number => {
  let seconds = capacity.ready * t;
  for (const { inSeconds, replicas } of capacity.joining) {
    if (inSeconds < t) seconds += replicas * (t - inSeconds);
  }
  return seconds * slots;
};

/** Jobs ahead of a new one that still let it start within the wait, less half of what is uncertain in that: E[(X - limit)+]. */
const excess = (mean: number, variance: number, limit: number): number => {
  if (variance < SMALL) return Math.max(0, mean - limit);
  const deviation = Math.sqrt(variance);
  const z = (mean - limit) / deviation;
  const density = normalDensity(z);
  return deviation * density + (mean - limit) * normalBelow(z, density);
};

/**
 * Of the jobs that wait now, those expected to start late: the worst of E[(X - c - C)+] over the deadlines, X = jobs in
 * the system up to there, C = integral of c/S until then with variance C scv. A deadline before anything can run counts
 * for every choice alike.
 */
export const lateWaiting = (load: Load, capacity: Capacity, slots: number): number => {
  const { deadlines, inSystem, serviceSeconds, variation } = load;
  const running = inSystem - (deadlines.at(-1)?.jobs ?? inSystem);
  let late = 0;
  for (const { inSeconds, jobs } of deadlines) {
    const done = slotSecondsUntil(capacity, slots, inSeconds) / serviceSeconds;
    const startable = slotsAt(capacity, slots, inSeconds) + done;
    late = Math.max(
      late,
      Math.min(jobs, excess(running + jobs, variation * Math.min(done, jobs), startable)),
    );
  }
  return late;
};

/**
 * Follows the jobs in the system, X, as a Gaussian with mean m, variance v and covariance q with the unknown rate, over
 * `horizonSeconds` in 24 steps:
 *
 *     z = (m - c)/sqrt(v), full = Phi(z), over = sqrt(v) phi(z) + (m - c) Phi(z) = E[(X - c)+], busy = m - over
 *     idle += (c - busy) dt
 *     late += rate dt Phi((m - c - C)/sqrt(v + Vw + 1/4)), C = integral of c/S over the next W,
 *             Vw = C (1 + (scv - 1) W/(W + S))                  a job is late when more than C wait ahead of it
 *     theta = (1 - full)/S, e = exp(-theta dt), g = (1 - e)/theta
 *     m += (rate - busy/S) g                                    not through the offered load from above while c exceeds it
 *     v = v e^2 + (rate I + scv busy/S + 2 q)(1 - e^2)/(2 theta),   q = q e + Var(rate) g
 *
 * A second-order fluid approximation of a many-server queue with an uncertain rate; measured in the research notes on
 * the cost-minimising policy.
 */
export const fluidOutlook = (
  load: Load,
  capacity: Capacity,
  slots: number,
  horizonSeconds: number,
): Outlook => {
  const { perSecond, serviceSeconds: S, variation, waitSeconds: W } = load;
  const offered = perSecond * S;
  const dt = horizonSeconds / STEPS;
  const waitVariation = 1 + ((variation - 1) * W) / (W + S);
  // Most looks are at a fleet where nothing joins: the slots are the same throughout.
  const steady = capacity.joining.length === 0;
  const steadySlots = capacity.ready * slots;
  let m = load.inSystem;
  let v = 0;
  let q = 0;
  let idle = 0;
  let late = 0;
  for (let i = 0; i < STEPS; i += 1) {
    const u = i * dt;
    const c = steady ? steadySlots : slotsAt(capacity, slots, u + dt / 2);
    const inTime = steady
      ? (steadySlots * W) / S
      : (slotSecondsUntil(capacity, slots, u + W) - slotSecondsUntil(capacity, slots, u)) / S;
    const deviation = Math.sqrt(Math.max(v, SMALL));
    const z = (m - c) / deviation;
    const density = normalDensity(z);
    const full = normalBelow(z, density);
    const busy = Math.min(c, Math.max(0, m - deviation * density - (m - c) * full));
    idle += (c - busy) * dt;
    late += perSecond * dt * normal((m - c - inTime) / Math.sqrt(v + inTime * waitVariation + 0.25));
    const theta = Math.max(SMALL, (1 - full) / S);
    const e = Math.exp(-theta * dt);
    const g = (1 - e) / theta;
    const next = m + (perSecond - busy / S) * g;
    m = m > offered && c > offered ? Math.max(offered, next) : Math.max(0, next);
    v = Math.max(
      0,
      v * e * e +
        ((perSecond * load.dispersion + (variation * busy) / S + 2 * q) * (1 - e * e)) / (2 * theta),
    );
    q = q * e + load.rateVariance * g;
  }
  const endSlots = slotsAt(capacity, slots, horizonSeconds);
  const after =
    (slotSecondsUntil(capacity, slots, horizonSeconds + W) -
      slotSecondsUntil(capacity, slots, horizonSeconds)) /
    S;
  return { idleSlotSeconds: idle, lateJobs: late, jobsTooMany: excess(m, v, endSlots + after), endSlots };
};

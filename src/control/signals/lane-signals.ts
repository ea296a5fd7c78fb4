import { arrivalRate, LONGEST_WINDOW_SECONDS, type Rate } from "./arrival-rate.ts";
import { type Correction, corrected, correctionAt } from "./correction.ts";
import type { CleanQueue } from "./clean-readings.ts";
import { type DispersionMemory, dispersionOf, newDispersion, withArrivals } from "./dispersion.ts";
import {
  type ForecastMemory,
  forecastErrorOf,
  forecastSeconds,
  newForecasts,
  rateVariance,
  withForecast,
} from "./forecast-error.ts";
import { appended, emptyHistory, type History, valueAt } from "./history.ts";
import { withoutLump } from "./lump.ts";
import { rounded } from "./plausible.ts";
import { newQueue, type QueueFlow, type QueueMemory, readQueue } from "./queue-flow.ts";

/** Arrivals of one lane: the queues that share slots. `starts`: jobs guessed to have started, over the last half minute. */
export type LaneSignals = {
  readonly total: number;
  readonly arrivals: History;
  readonly starts: History;
  readonly dispersion: DispersionMemory;
  readonly forecasts: ForecastMemory;
  readonly perSecond: number;
};

export const newLaneSignals = (t: number): LaneSignals => ({
  total: 0,
  arrivals: emptyHistory,
  starts: emptyHistory,
  dispersion: newDispersion(t, 0),
  forecasts: newForecasts,
  perSecond: 0,
});

const STARTS_BOUNDS = { longestSeconds: 40, most: 20 };

export type StartsGuess = {
  readonly t: number;
  readonly elapsed: number;
  /** Jobs wait now and waited at the last step. */
  readonly waiting: boolean;
  /** Jobs per second that the ready slots get through. */
  readonly capacityPerSecond: number;
};

/** Guesses how many jobs started since the last step: as many as the slots get through while jobs wait, as many as arrive while none does. */
export const withStarts = (signals: LaneSignals, guess: StartsGuess): LaneSignals => {
  const perSecond = guess.waiting ? guess.capacityPerSecond : signals.perSecond;
  const total = (signals.starts.values.at(-1) ?? 0) + perSecond * guess.elapsed;
  return { ...signals, starts: appended(signals.starts, guess.t, total, STARTS_BOUNDS) };
};

/** Guesses too small to judge by what was counted. Jobs. */
const LEAST_GUESS = 1;

/**
 * When a new sample of the workers says that fewer jobs started than was guessed, what was guessed for the time after it
 * is taken down in the same proportion: the guess would otherwise confirm itself.
 */
export const withCountedStarts = (
  signals: LaneSignals,
  queues: readonly CleanQueue[],
  memories: ReadonlyMap<string, QueueMemory>,
): LaneSignals => {
  const { starts } = signals;
  let from = Number.NEGATIVE_INFINITY;
  let until = Number.NEGATIVE_INFINITY;
  let counted = 0;
  for (const { key, workers } of queues) {
    const before = memories.get(key)?.workers ?? undefined;
    if (workers === undefined || before?.epoch !== workers.epoch) continue;
    from = Math.max(from, before.at);
    until = Math.max(until, workers.at);
    counted += Math.max(0, workers.started - before.started);
  }
  const base = valueAt(starts, until);
  const guessed = base - valueAt(starts, from);
  if (!(until > from) || guessed < LEAST_GUESS || counted >= guessed) return signals;
  const values = starts.values.map((value, i) =>
    (starts.times[i] ?? 0) <= until ? value : rounded(base + ((value - base) * counted) / guessed, 1e2),
  );
  return { ...signals, starts: { times: starts.times, values } };
};

export type QueueRead = {
  readonly queue: CleanQueue;
  readonly memory: QueueMemory;
  readonly flow: QueueFlow;
};

export type LaneMoment = {
  readonly t: number;
  readonly elapsed: number;
  readonly staleAfterSeconds: number;
  /** When a queue that is seen now for the first time counts as last known. */
  readonly bornAt: number;
};

/** Reads the queues of a lane against what is remembered of them. */
export const readQueues = (
  signals: LaneSignals,
  queues: readonly CleanQueue[],
  memories: ReadonlyMap<string, QueueMemory>,
  moment: LaneMoment,
): readonly QueueRead[] => {
  const { t, elapsed, staleAfterSeconds, bornAt } = moment;
  const known = queues.map((queue) => memories.get(queue.key) ?? newQueue(queue.key, bornAt));
  const sum = known.reduce((rate, { perSecond }) => rate + perSecond, 0);
  const startsNow = signals.starts.values.at(-1) ?? 0;
  return queues.map((queue, i) => {
    const before = known[i] ?? newQueue(queue.key, bornAt);
    const share = sum > 0 ? before.perSecond / sum : 1 / queues.length;
    const { memory, flow } = readQueue(before, queue, {
      t,
      elapsed,
      perSecond: signals.perSecond * share,
      startedSince: (at) => Math.max(0, startsNow - valueAt(signals.starts, at)) * share,
      staleAfterSeconds,
    });
    return { queue, memory, flow };
  });
};

/** What is known of a lane's arrivals. Rate 0 with variance 0 before a second of history. */
export type Arrivals = {
  readonly rate: Rate;
  readonly dispersion: number;
  /** Of the rate over the next wait and start-up. */
  readonly variance: number;
  readonly known: boolean;
};

const UNKNOWN_RATE: Rate = { perSecond: 0, windowSeconds: 0, variance: 0 };

export type LaneHorizon = {
  readonly t: number;
  readonly waitSeconds: number;
  readonly startupSeconds: number;
  /** Most points of history: fewer where a fleet has many lanes. */
  readonly mostPoints: number;
};

/** Shorter windows are right for reacting, and too excitable for a peak that is remembered for hours. Seconds. */
const STEADY_SECONDS = 10;

/** Jobs per second over the last ten seconds. */
export const steadyRate = ({ total, arrivals }: LaneSignals): number =>
  Math.max(0, total - valueAt(arrivals, (arrivals.times.at(-1) ?? 0) - STEADY_SECONDS)) / STEADY_SECONDS;

/** Puts wrong guesses right where they were made. */
export const withCorrections = (signals: LaneSignals, corrections: readonly Correction[]): LaneSignals => {
  if (corrections.length === 0) return signals;
  const { dispersion, forecasts } = signals;
  const shifted = (total: number, t: number): number => rounded(total + correctionAt(corrections, t), 1e2);
  return {
    ...signals,
    total: rounded(signals.total + correctionAt(corrections, Number.MAX_VALUE), 1e2),
    arrivals: corrected(signals.arrivals, corrections),
    dispersion: { ...dispersion, total: shifted(dispersion.total, dispersion.since) },
    forecasts: {
      ...forecasts,
      notes: forecasts.notes.map(([t, total, perSecond]) => [t, shifted(total, t), perSecond] as const),
    },
  };
};

/** Adds the arrivals since the last step, and estimates. */
export const withTotal = (
  signals: LaneSignals,
  arrived: number,
  horizon: LaneHorizon,
): { readonly signals: LaneSignals; readonly arrivals: Arrivals } => {
  const { t, waitSeconds, startupSeconds, mostPoints } = horizon;
  const total = rounded(signals.total + arrived, 1e2);
  const longestSeconds = LONGEST_WINDOW_SECONDS + 1.2 * (waitSeconds + startupSeconds);
  const arrivals = appended(signals.arrivals, t, total, { longestSeconds, most: mostPoints });
  const dispersion = withArrivals(signals.dispersion, t, total);
  const index = dispersionOf(dispersion);
  const rate = arrivalRate(withoutLump(arrivals, { waitSeconds, startupSeconds }), index) ?? UNKNOWN_RATE;
  const known = rate !== UNKNOWN_RATE;
  const aheadSeconds = forecastSeconds(waitSeconds, startupSeconds);
  const forecasts = known
    ? withForecast(signals.forecasts, {
        t,
        total,
        perSecond: rate.perSecond,
        dispersion: index,
        aheadSeconds,
      })
    : signals.forecasts;
  const variance = rateVariance({
    ...rate,
    forecastError: forecastErrorOf(forecasts),
    dispersion: index,
    aheadSeconds,
  });
  return {
    signals: {
      ...signals,
      total,
      arrivals,
      dispersion,
      forecasts,
      perSecond: rounded(rate.perSecond, 1e4),
    },
    arrivals: { rate, dispersion: index, variance, known },
  };
};

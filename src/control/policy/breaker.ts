import { clamp, rounded } from "../signals/plausible.ts";

/** [control time, ready slots, jobs finished so far], oldest first, at most 16. */
type Sample = readonly [at: number, slots: number, finished: number];

/** The state of the queue when it began to be pressed: throughput (jobs/s) and slots then. */
type Press = { readonly since: number; readonly throughput: number; readonly slots: number };

/** A limit on the count, because more slots brought no more throughput. */
type BreakerLimit = {
  readonly replicas: number;
  /** Jobs/s when it was set or last raised. */
  readonly throughput: number;
  readonly probeAt: number;
  readonly probeAfterSeconds: number;
  /** Samples in which the slots were well used after all. */
  readonly wellUsed: number;
  /** From before a restart: it stops growth and removes nothing. */
  readonly restored: boolean;
};

export type BreakerMemory = {
  /** S0: the service time that the slots would have without a cap downstream; null until known. */
  readonly baseSeconds: number | null;
  readonly samples: readonly Sample[];
  readonly press: Press | null;
  /** Ineffective samples running. */
  readonly strikes: number;
  /** The queue was empty at some step since the last sample. */
  readonly dry: boolean;
  readonly limit: BreakerLimit | null;
};

export const newBreaker: BreakerMemory = {
  baseSeconds: null,
  samples: [],
  press: null,
  strikes: 0,
  dry: false,
  limit: null,
};

export type BreakerStep = {
  readonly t: number;
  readonly elapsed: number;
  readonly readySlots: number;
  readonly slotsPerReplica: number;
  /** Jobs finished so far; undefined where nobody counts them: the breaker rests. */
  readonly finished: number | undefined;
  readonly waiting: number;
  readonly overdue: boolean;
  /** Measured; undefined until then. */
  readonly serviceSeconds: number | undefined;
  readonly variation: number;
};

const SAMPLE_SECONDS = 6;
const MOST_SAMPLES = 16;
const FIRST_PROBE_SECONDS = 600;
const LONGEST_PROBE_SECONDS = 3600;
const PROBE_FACTOR = 1.35;
const LIMIT_FACTOR = 1.5;
const STRIKES = 2;
const WELL_USED_SAMPLES = 4;

/** L: completions are counted over this long. Seconds. */
const windowSeconds = (base: number, variation: number): number => clamp(base * (1 + variation), 20, 80);

const isPressed = (memory: BreakerMemory, now: BreakerStep): boolean =>
  memory.press !== null &&
  now.t - memory.press.since >= windowSeconds(memory.baseSeconds ?? 0, now.variation);

/** S0 follows S in 20 s, in 300 s while the queue is pressed and overdue, not at all while limited. */
const nextBase = (memory: BreakerMemory, now: BreakerStep): number | null => {
  const { serviceSeconds } = now;
  if (serviceSeconds === undefined || memory.limit !== null) return memory.baseSeconds;
  if (memory.baseSeconds === null) return rounded(serviceSeconds, 1e5);
  const follow = isPressed(memory, now) && now.overdue ? 300 : 20;
  const pull = 1 - Math.exp(-now.elapsed / follow);
  return rounded(memory.baseSeconds + (serviceSeconds - memory.baseSeconds) * pull, 1e5);
};

const sampleBefore = (samples: readonly Sample[], at: number): Sample | undefined =>
  samples.findLast(([time]) => time <= at) ?? samples[0];

const throughputOver = (samples: readonly Sample[], seconds: number, now: BreakerStep): number => {
  const before = sampleBefore(samples, now.t - seconds);
  if (before === undefined || now.finished === undefined || now.t <= before[0]) return 0;
  return Math.max(0, now.finished - before[2]) / (now.t - before[0]);
};

type Measured = {
  readonly base: number;
  readonly window: number;
  readonly throughput: number;
  /** The least slots there were while those jobs were worked on. */
  readonly slots: number;
};

/** Ineffective: overdue, a quarter more slots than at the start of the press, under 60 % used, and under a quarter of the hoped gain, by more than noise. */
const isIneffective = (press: Press, measured: Measured, now: BreakerStep): boolean => {
  const { base, window, throughput, slots } = measured;
  if (!isPressedFor(press, window, now) || !now.overdue) return false;
  if (slots < 1.25 * press.slots || throughput * base >= 0.6 * slots) return false;
  const hoped = (slots - press.slots) / base;
  const gain = throughput - press.throughput;
  const noise = Math.sqrt(((1 + now.variation) * (throughput + press.throughput)) / window);
  return gain < 0.25 * hoped && hoped - gain > 2.5 * noise;
};

const isPressedFor = (press: Press, seconds: number, now: BreakerStep): boolean =>
  now.t - press.since >= seconds;

const newLimit = (measured: Measured, now: BreakerStep): BreakerLimit => ({
  replicas: Math.max(
    1,
    Math.ceil((LIMIT_FACTOR * measured.throughput * measured.base) / now.slotsPerReplica),
  ),
  throughput: rounded(measured.throughput, 1e4),
  probeAt: rounded(now.t + FIRST_PROBE_SECONDS, 1e3),
  probeAfterSeconds: FIRST_PROBE_SECONDS,
  wellUsed: 0,
  restored: false,
});

/** The limit doubles when throughput rose after all or the slots are well used; after 600 s, then ever later, a third more is tried. */
const nextLimit = (limit: BreakerLimit, measured: Measured, now: BreakerStep): BreakerLimit => {
  const { throughput, base, slots, window } = measured;
  const noise = Math.sqrt(((1 + now.variation) * limit.throughput) / window);
  const wellUsed = throughput * base > 0.85 * slots ? limit.wellUsed + 1 : 0;
  if (throughput > 1.1 * limit.throughput + 2 * noise || wellUsed >= WELL_USED_SAMPLES) {
    return {
      ...limit,
      replicas: limit.replicas * 2,
      throughput: rounded(Math.max(throughput, limit.throughput), 1e4),
      wellUsed: 0,
    };
  }
  if (now.t < limit.probeAt) return { ...limit, wellUsed };
  const probeAfterSeconds = Math.min(LONGEST_PROBE_SECONDS, 2 * limit.probeAfterSeconds);
  return {
    ...limit,
    replicas: Math.ceil(limit.replicas * PROBE_FACTOR),
    probeAfterSeconds,
    probeAt: rounded(now.t + probeAfterSeconds, 1e3),
    wellUsed,
  };
};

const measure = (memory: BreakerMemory, now: BreakerStep, base: number): Measured => {
  const window = windowSeconds(base, now.variation);
  const recent = memory.samples.filter(([at]) => at >= now.t - window);
  const slots = recent.reduce((least, [, count]) => Math.min(least, count), now.readySlots);
  return { base, window, throughput: throughputOver(memory.samples, window, now), slots };
};

/** Completions lag behind slots by a service time and its spread. */
const pressBegun = (memory: BreakerMemory, measured: Measured, now: BreakerStep): Press => ({
  since: rounded(now.t, 1e3),
  throughput: rounded(measured.throughput, 1e4),
  slots: sampleBefore(memory.samples, now.t - measured.base * (1 + now.variation) - 4)?.[1] ?? now.readySlots,
});

/** Throughput fell with no more slots: jobs got longer, and what more slots bring is measured from here. */
const lowered = (press: Press, { throughput, slots }: Measured): Press =>
  throughput < press.throughput && slots <= 1.1 * press.slots
    ? { ...press, throughput: rounded(throughput, 1e4) }
    : press;

const judged = (memory: BreakerMemory, now: BreakerStep, base: number): BreakerMemory => {
  const measured = measure(memory, now, base);
  const press = lowered(memory.press ?? pressBegun(memory, measured, now), measured);
  if (memory.limit !== null) {
    return { ...memory, press, limit: nextLimit(memory.limit, measured, now) };
  }
  const strikes = isIneffective(press, measured, now) ? memory.strikes + 1 : 0;
  const limit = strikes >= STRIKES ? newLimit(measured, now) : null;
  return { ...memory, press, strikes, limit };
};

const sampled = (memory: BreakerMemory, now: BreakerStep, finished: number): BreakerMemory => {
  const sample: Sample = [rounded(now.t, 1e3), now.readySlots, rounded(finished, 1e1)];
  const seen = { ...memory, samples: [...memory.samples, sample].slice(-MOST_SAMPLES) };
  if (memory.dry || memory.baseSeconds === null) {
    return { ...seen, press: null, strikes: 0, dry: false, limit: null };
  }
  return judged(seen, now, memory.baseSeconds);
};

/**
 * Breaker against a cap downstream: more slots, no more throughput. Sampled every 6 s; the limit goes when the queue is
 * empty.
 */
export const withBreaker = (memory: BreakerMemory, now: BreakerStep): BreakerMemory => {
  const next = {
    ...memory,
    baseSeconds: nextBase(memory, now),
    dry: memory.dry || now.waiting <= 0,
  };
  const last = memory.samples.at(-1);
  if (now.finished === undefined || (last !== undefined && now.t - last[0] < SAMPLE_SECONDS)) return next;
  return sampled(next, now, now.finished);
};

/** The service time within 0.5 to 1.25 of S0: a cap downstream stretches jobs, which more replicas would not shorten. Seconds. */
export const steadied = (serviceSeconds: number, { baseSeconds }: BreakerMemory): number =>
  baseSeconds === null ? serviceSeconds : clamp(serviceSeconds, 0.5 * baseSeconds, 1.25 * baseSeconds);

/** Most replicas that the breaker allows; undefined without a limit. */
export const allowedBy = ({ limit }: BreakerMemory, desired: number): number | undefined => {
  if (limit === null) return undefined;
  return limit.restored ? Math.max(limit.replicas, desired) : limit.replicas;
};

import type { Capacity } from "./capacity.ts";
import { type Choice, costOf } from "./cost.ts";
import { cheapest } from "./search.ts";

/** What the policy sees beside the cost: a backlog, and how long the oldest job in it has waited. */
export type Pressure = {
  /** Jobs that wait. */
  readonly waiting: number;
  /** The oldest job has waited longer than the objective. */
  readonly overdue: boolean;
  /** Standard deviation of the rate, jobs/s. */
  readonly rateDeviation: number;
};

/** The count that costs least, and what its parts ask for. */
export type Wish = {
  readonly replicas: number;
  /** The offered load alone. */
  readonly forLoad: number;
  /** Offered load and backlog, the backlog spread over one start-up and one wait. */
  readonly forBacklog: number;
};

const CATCH_UP_FACTOR = 1.1;
const CATCH_UP_DEVIATIONS = 1.5;
/** Start-ups and waits in which jobs that are late already are worked off: they cost no more by being later still. */
const OVERDUE_SPANS = 3;

/**
 * The most that can be worth asking for: ceil(1.1 ((rate + 1.5 sd) S + waiting S / (D + W)) / k) + 1. Without it a
 * backlog is answered with replicas that come when it is gone.
 */
const catchUpLimit = ({ load, slots, startup }: Choice, { waiting, rateDeviation }: Pressure): number => {
  const { perSecond, serviceSeconds, waitSeconds } = load;
  const offered = (perSecond + CATCH_UP_DEVIATIONS * rateDeviation) * serviceSeconds;
  const backlog = (waiting * serviceSeconds) / (startup.p50 + waitSeconds);
  const inTime = load.deadlines.map(({ inSeconds, jobs }) =>
    inSeconds > startup.p50 ? (jobs * serviceSeconds) / (inSeconds - startup.p50) : 0,
  );
  return Math.ceil((CATCH_UP_FACTOR * Math.max(offered + backlog, ...inTime)) / slots) + 1;
};

/** Scale-out looks 1.1 D + 0.3 W ahead: what a later order can still rescue is not ordered now. */
const replicasOut = (choice: Choice, pressure: Pressure): number => {
  const horizon = 1.1 * choice.startup.p50 + 0.3 * choice.load.waitSeconds;
  const end = catchUpLimit(choice, pressure);
  if (end <= choice.from) return choice.from;
  return cheapest((n) => costOf(choice, n, horizon), { start: choice.from, end });
};

/** Scale-in looks 1.5 D + W ahead: a removed replica could not be back sooner. */
const replicasIn = (choice: Choice, least: number): number => {
  const horizon = 1.5 * choice.startup.p50 + choice.load.waitSeconds;
  if (least >= choice.from) return choice.from;
  return cheapest((n) => costOf(choice, n, horizon), { start: choice.from, end: least });
};

const needed = (erlangs: number, slots: number): number => Math.ceil(erlangs / slots - 1e-9);

/**
 * The least count that is not looked under: 1 (the last replica goes by the idle rule only); while the oldest job is
 * overdue, 1.1 times the offered load.
 */
const leastIn = (offered: number, slots: number, overdue: boolean): number =>
  Math.max(1, overdue ? needed(CATCH_UP_FACTOR * offered, slots) : 1);

const available = ({ ready, joining }: Capacity): number =>
  joining.reduce((sum, { replicas }) => sum + replicas, ready);

/** The count to wish for now: out if that is cheaper than staying, else in if that is. */
export const wishOf = (choice: Choice, pressure: Pressure): Wish => {
  const { load, slots, from, startup } = choice;
  const offered = load.perSecond * load.serviceSeconds;
  const backlog = (pressure.waiting * load.serviceSeconds) / (startup.p50 + load.waitSeconds);
  const forLoad = needed(offered, slots);
  const forBacklog = needed(offered + backlog, slots);
  const rescued = pressure.overdue && choice.capacity.ready * slots < offered ? forLoad : 0;
  const cleared = pressure.overdue ? needed(offered + backlog / OVERDUE_SPANS, slots) : 0;
  if (from === 0 && pressure.waiting <= 0) return { replicas: 0, forLoad, forBacklog };
  const started = available(choice.capacity) === 0 && pressure.waiting > 0 ? Math.max(1, forBacklog) : 0;
  const out = Math.max(replicasOut(choice, pressure), rescued, cleared, started, from);
  if (out > from) return { replicas: out, forLoad, forBacklog };
  const inward = replicasIn(choice, Math.max(cleared, leastIn(offered, slots, pressure.overdue)));
  return { replicas: inward, forLoad, forBacklog };
};

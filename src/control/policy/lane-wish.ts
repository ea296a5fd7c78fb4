import type { Estimate, Feasibility, Term } from "../contract.ts";
import type { CleanFleet } from "../signals/clean-readings.ts";
import type { Startup } from "../signals/startup.ts";
import { type Capacity, capacityOf } from "./capacity.ts";
import { allowedBy } from "./breaker.ts";
import { deadlinesOf } from "./deadlines.ts";
import { feasibilityOf } from "./feasibility.ts";
import type { LaneView } from "./lane.ts";
import { attainmentOf, priceOf } from "./price.ts";
import { type Wish, wishOf } from "./wish.ts";

export type LaneQuestion = {
  readonly fleet: CleanFleet;
  readonly startup: Startup;
  /** Whether the start-up was ever told. */
  readonly startupKnown: boolean;
  /** Seconds since the desired count last changed. */
  readonly orderedAgo: number;
  readonly attainmentRatio: number;
  readonly t: number;
};

/** What the policy says for one lane. `limit`: what the breaker allows, undefined without one. */
export type LaneWish = {
  readonly view: LaneView;
  readonly wish: Wish;
  readonly limit: number | undefined;
  readonly warm: boolean;
  readonly estimate: Estimate;
  readonly feasibility: Feasibility;
  readonly terms: readonly Term[];
};

const LEAST_JOBS = 15;
const ENOUGH_SECONDS = 300;
const FEW_JOBS = 3;

/** Enough was measured to remove anything: min(120, max(20, 4 S)) s and 15 jobs, or 300 s and 3 jobs. */
const isWarm = ({ memory, service }: LaneView, t: number): boolean => {
  const seconds = t - memory.bornAt;
  if (seconds < Math.min(120, Math.max(20, 4 * service.seconds))) return false;
  return memory.finished >= (seconds >= ENOUGH_SECONDS ? FEW_JOBS : LEAST_JOBS);
};

/** When the slots, with those that join, have got through what is ahead of a job that arrives now. Seconds; undefined when never. */
export const predictedWait = (
  inSystem: number,
  capacity: Capacity,
  slots: number,
  serviceSeconds: number,
): number | undefined => {
  let at = 0;
  let replicas = capacity.ready;
  let ahead = Math.max(0, inSystem - replicas * slots);
  const first = capacity.joining[0];
  if (replicas === 0) {
    if (first === undefined) return undefined;
    at = first.inSeconds;
    replicas = 0;
    ahead = Math.max(0, inSystem - first.replicas * slots);
  }
  for (const { inSeconds, replicas: more } of capacity.joining) {
    const until = Math.max(at, inSeconds);
    const done = ((until - at) * replicas * slots) / serviceSeconds;
    if (done >= ahead && replicas > 0) break;
    ahead -= done;
    at = until;
    replicas += more;
  }
  return at + (ahead * serviceSeconds) / (replicas * slots);
};

const estimateOf = (view: LaneView, capacity: Capacity, question: LaneQuestion): Estimate => {
  const { arrivals, service, backlog, slots, memory } = view;
  const wait = predictedWait(backlog.inSystem, capacity, slots, service.seconds);
  const attainment = attainmentOf(memory.budget);
  const { perSecond } = arrivals.rate;
  return {
    ...(arrivals.known ? { arrivalsPerSecond: perSecond, offeredLoad: perSecond * service.seconds } : {}),
    serviceSeconds: service.seconds,
    ...(question.startupKnown ? { startupSeconds: question.startup.p50 } : {}),
    ...(wait === undefined ? {} : { predictedWaitSeconds: wait }),
    ...(attainment === undefined ? {} : { attainmentRatio: attainment }),
  };
};

/** Asks the cost of every count that comes into question for this lane. */
export const laneWish = (view: LaneView, question: LaneQuestion): LaneWish => {
  const { arrivals, service, slots, backlog, waitSeconds, memory } = view;
  const { fleet, startup } = question;
  const capacity = capacityOf(fleet, startup, question.orderedAgo);
  const limit = allowedBy(memory.breaker, fleet.desired);
  const wish = wishOf(
    {
      load: {
        inSystem: backlog.inSystem,
        deadlines: deadlinesOf(memory.signals.arrivals, {
          waiting: backlog.waiting,
          oldestSeconds: view.oldestSeconds,
          waitSeconds,
        }),
        perSecond: arrivals.rate.perSecond,
        rateVariance: arrivals.variance,
        dispersion: arrivals.dispersion,
        serviceSeconds: service.seconds,
        variation: service.variation,
        waitSeconds,
      },
      capacity,
      slots,
      startup,
      price: priceOf(memory.budget),
      from: fleet.desired,
    },
    {
      waiting: backlog.waiting,
      overdue: view.oldestSeconds > waitSeconds,
      rateDeviation: Math.sqrt(arrivals.variance),
    },
  );
  return {
    view,
    wish,
    limit,
    warm: isWarm(view, question.t),
    estimate: estimateOf(view, capacity, question),
    feasibility: feasibilityOf({
      startupSeconds: question.startupKnown ? startup.p50 : undefined,
      waitSeconds,
      serviceSeconds: service.seconds,
      attainmentRatio: question.attainmentRatio,
      peakLoad: memory.peakLoad,
      slots,
      started: memory.budget.started,
      late: memory.budget.late,
      limited: limit !== undefined,
    }),
    terms: [
      { name: "load", replicas: wish.forLoad },
      { name: "backlog", replicas: wish.forBacklog },
      { name: "policy", replicas: wish.replicas },
      ...(limit === undefined ? [] : [{ name: "breaker", replicas: limit }]),
    ],
  };
};

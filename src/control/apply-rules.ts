import type { LaneWish } from "./policy/lane-wish.ts";
import { holdSecondsOf, isUnknown, type Policy } from "./policy-choice.ts";
import { withAgreement } from "./rules/agreement.ts";
import { type DecideInput, decide, wantedReplicas } from "./rules/decide.ts";
import { fallbackActive, fallbackReplicas } from "./rules/fallback.ts";
import { type HoldMemory, holdLeftSeconds, largestWish, withWish } from "./rules/hold.ts";
import { isFull, missingReplicas } from "./rules/missing.ts";
import type { Proposal } from "./rules/proposal.ts";
import { leastWithoutInterruption } from "./rules/victims.ts";
import type { Scene } from "./scene.ts";
import type { CleanFleet } from "./signals/clean-readings.ts";
import type { QueueRead } from "./signals/lane-signals.ts";
import { longServiceSeconds } from "./signals/service-time.ts";
import { startupOf } from "./signals/startup.ts";
import type { ControlState } from "./state.ts";

/**
 * At most one order in a fifth of a start-up, at most 2 s; at most 1 s while less than half of what was ordered is ready,
 * as the order was then placed for the first jobs of what may be a burst, and there is little throughput to judge it by.
 * Seconds.
 */
const pacingSeconds = ({ ready, desired }: CleanFleet, startupSeconds: number): number =>
  Math.min(2 * ready < desired ? 1 : 2, 0.2 * startupSeconds);

export type Ruled = {
  readonly proposal: Proposal;
  readonly state: ControlState;
  readonly holdSeconds: number;
  /** Until the hold that limits the proposal ends; undefined where none does. */
  readonly holdLeftSeconds: number | undefined;
};

const isWarm = (scene: Scene, lanes: readonly LaneWish[], policy: Policy): boolean =>
  policy.idle || (scene.completeness.kind === "complete" && lanes.every(({ warm }) => warm));

/** Jobs that somebody holds: of what was only prefetched too, as its replica may be at work on it any moment. */
const heldJobs = ({ view }: LaneWish): number =>
  view.reads.reduce((sum, { queue }) => sum + (queue.broker?.unacked ?? 0), 0);

/** What jobs may take: by their law, and at least what those in progress have taken. Seconds; undefined while nothing is known. */
const longSeconds = ({ view }: LaneWish, expectedSeconds: number | undefined): number | undefined => {
  const { service, unsettled } = view.memory;
  const long = longServiceSeconds(service, view.service, expectedSeconds);
  return long && Math.max(long, unsettled.seconds / Math.max(1, view.backlog.running));
};

/**
 * Idle replicas were idle when the figures of it were made, the workers' own or the broker's statistics: as many may be
 * at work by now as jobs arrive in that time. Any of them may where the figures were looked at before: the next ones come
 * in some seconds.
 */
const begunSince = ({ state, fleet }: Scene, lanes: readonly LaneWish[]): number => {
  const reads = lanes.flatMap(({ view }) => view.reads);
  const own = reads.flatMap(({ queue }) => queue.workers ?? []);
  const seconds = Math.max(state.lateness.seconds, ...own.map(({ at }) => state.t - at));
  if (seconds > 0 && !reads.some(isRenewed)) return fleet.ready;
  return Math.ceil(seconds * lanes.reduce((sum, { view }) => sum + view.arrivals.rate.perSecond, 0));
};

const isRenewed = ({ queue, flow }: QueueRead): boolean =>
  queue.workers === undefined ? flow.renewed : flow.workersRenewed;

const leastOf = (scene: Scene, lanes: readonly LaneWish[], quiet: boolean): number => {
  const { settings, fleet } = scene;
  const held = lanes.reduce((sum, lane) => sum + Math.max(lane.view.backlog.running, heldJobs(lane)), 0);
  const long = lanes.map((lane) => longSeconds(lane, settings.expectedServiceSeconds));
  return leastWithoutInterruption({
    fleet,
    idleOnly: settings.idleOnly,
    longServiceSeconds: long.some((seconds) => seconds === undefined)
      ? undefined
      : Math.max(...long.map((seconds) => seconds ?? 0)),
    begunSince: begunSince(scene, lanes),
    running: quiet ? held : Math.max(1, held),
  });
};

/** Statistics and scrapes come every few seconds: a shorter silence says nothing. Seconds. */
const STALLED_SECONDS = 8;

/** Takes the policy's choice through the rules, and remembers what they need next time. */
export const applyRules = (scene: Scene, lanes: readonly LaneWish[], policy: Policy): Ruled => {
  const { settings, state, fleet, completeness } = scene;
  const { t } = state;
  const from = fleet.desired;
  const holdSeconds = holdSecondsOf(scene, lanes);
  const { orderedAt, raisedAt } = state.fleet;
  const missing = missingReplicas(fleet);
  const input: Omit<DecideInput, "in" | "fallback"> = {
    settings,
    from,
    recommended: policy.recommended,
    reason: policy.reason,
    idle: policy.idle,
    out: {
      capacityBlocked: isFull(missing, fleet),
      failing: missing.failing,
      limit: policy.limit,
      pacing:
        from > 0 && orderedAt !== null && t - orderedAt < pacingSeconds(fleet, startupOf(scene.startup).p50),
    },
  };
  const complete = completeness.kind === "complete";
  const wanted = wantedReplicas(input);
  const agreement = withAgreement(state.agreement, {
    sampleAt: complete && scene.queues.length > 0 ? completeness.sampleAt : undefined,
    tooHigh: wanted < from,
  });
  const hold = withWish(state.hold, t, complete ? wanted : Math.max(wanted, from), holdSeconds);
  const { fallback } = settings;
  const unknownSince = lanes.flatMap(({ view }) =>
    view.reads.filter(({ queue }) => isUnknown(queue)).map(({ memory }) => memory.knownAt),
  );
  const proposal = decide({
    ...input,
    fallback:
      fallback !== undefined && fallbackActive(fallback, unknownSince, t)
        ? fallbackReplicas(fallback, from, settings)
        : undefined,
    in: {
      rollout: fleet.rollout,
      stalled: lanes.some(({ view }) => view.stalledSeconds > STALLED_SECONDS),
      complete,
      warm: isWarm(scene, lanes, policy),
      agreed: agreement.proven,
      held: largestWish(hold, t, holdSeconds),
      raisedByHand: raisedAt !== null && t - raisedAt < holdSeconds,
      leastWithoutInterruption: leastOf(scene, lanes, policy.quiet),
    },
  });
  const left = holdLeftOf(scene, { proposal, hold, holdSeconds });
  return { proposal, holdSeconds, holdLeftSeconds: left, state: { ...state, hold, agreement } };
};

type Held = { readonly proposal: Proposal; readonly hold: HoldMemory; readonly holdSeconds: number };

/** A person's raise is held from then on; otherwise the last wish for as many counts. */
const holdLeftOf = ({ state }: Scene, { proposal, hold, holdSeconds }: Held): number | undefined => {
  if (!proposal.limitedBy.includes("scale-in-hold")) return undefined;
  const byHand = state.fleet.raisedAt === null ? 0 : state.fleet.raisedAt + holdSeconds - state.t;
  const left = Math.max(byHand, holdLeftSeconds(hold, state.t, { holdSeconds, replicas: proposal.to }));
  return left > 0 ? left : undefined;
};

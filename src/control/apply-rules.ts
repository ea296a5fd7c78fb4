import type { LaneWish } from "./policy/lane-wish.ts";
import { holdSecondsOf, isUnknown, type Policy } from "./policy-choice.ts";
import { withAgreement } from "./rules/agreement.ts";
import { type DecideInput, decide, wantedReplicas } from "./rules/decide.ts";
import { fallbackActive, fallbackReplicas } from "./rules/fallback.ts";
import { largestWish, withWish } from "./rules/hold.ts";
import type { Proposal } from "./rules/proposal.ts";
import { leastWithoutInterruption } from "./rules/victims.ts";
import type { Scene } from "./scene.ts";
import { longServiceSeconds } from "./signals/service-time.ts";
import { startupOf } from "./signals/startup.ts";
import type { ControlState } from "./state.ts";

/** At most one order in a fifth of a start-up, at most 2 s. Seconds. */
const pacingSeconds = (startupSeconds: number): number => Math.min(2, 0.2 * startupSeconds);

const capacityBlocked = ({ fleet }: Scene, lane: LaneWish | undefined): boolean => {
  if (fleet.uncreated > 0) return true;
  const failing = fleet.starting.filter(({ phase }) => phase === "failing").length;
  return lane !== undefined && failing > 0 && failing >= Math.max(1, fleet.ready);
};

export type Ruled = {
  readonly proposal: Proposal;
  readonly state: ControlState;
  readonly holdSeconds: number;
};

const isWarm = (scene: Scene, lanes: readonly LaneWish[], policy: Policy): boolean =>
  policy.idle || (scene.completeness.kind === "complete" && lanes.every(({ warm }) => warm));

const leastOf = (scene: Scene, lanes: readonly LaneWish[]): number => {
  const { settings, fleet } = scene;
  const long = lanes.map(({ view }) =>
    longServiceSeconds(view.memory.service, view.service, settings.expectedServiceSeconds),
  );
  return leastWithoutInterruption({
    fleet,
    idleOnly: settings.idleOnly,
    longServiceSeconds: long.some((seconds) => seconds === undefined)
      ? undefined
      : Math.max(...long.map((seconds) => seconds ?? 0)),
    running: lanes.reduce((sum, { view }) => sum + view.backlog.running, 0),
  });
};

/** Takes the policy's choice through the rules, and remembers what they need next time. */
export const applyRules = (scene: Scene, lanes: readonly LaneWish[], policy: Policy): Ruled => {
  const { settings, state, fleet, completeness } = scene;
  const { t } = state;
  const from = fleet.desired;
  const holdSeconds = holdSecondsOf(scene, lanes);
  const { orderedAt, raisedAt } = state.fleet;
  const input: Omit<DecideInput, "in" | "fallback"> = {
    settings,
    from,
    recommended: policy.recommended,
    reason: policy.reason,
    idle: policy.idle,
    out: {
      capacityBlocked: capacityBlocked(scene, policy.lane),
      limit: policy.limit,
      pacing: from > 0 && orderedAt !== null && t - orderedAt < pacingSeconds(startupOf(scene.startup).p50),
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
      complete,
      warm: isWarm(scene, lanes, policy),
      agreed: agreement.proven,
      held: largestWish(hold, t, holdSeconds),
      raisedByHand: raisedAt !== null && t - raisedAt < holdSeconds,
      leastWithoutInterruption: leastOf(scene, lanes),
    },
  });
  return { proposal, holdSeconds, state: { ...state, hold, agreement } };
};

import { applyRules } from "./apply-rules.ts";
import type { Estimate, Feasibility, Readings, Term, Verdict } from "./contract.ts";
import { explain } from "./explanation.ts";
import type { LaneWish } from "./policy/lane-wish.ts";
import { policyOf, toZeroSecondsOf } from "./policy-choice.ts";
import { withIdle } from "./rules/idle.ts";
import { readLanes, type Scene, sceneOf } from "./scene.ts";
import type { Settings } from "./settings.ts";
import type { ControlState } from "./state.ts";

const problemOf = ({ completeness }: Scene): string | undefined =>
  completeness.kind === "incomplete" ? completeness.because : undefined;

const sampleAtOf = ({ completeness, state }: Scene): number =>
  completeness.kind === "complete" ? completeness.sampleAt : state.t;

type Infeasible = Extract<Feasibility, { readonly kind: "infeasible" }>;

/** Of several hopeless lanes the one that needs most warm replicas. */
const feasibilityOf = (lanes: readonly LaneWish[], lane: LaneWish | undefined): Feasibility => {
  const hopeless = lanes.reduce<Infeasible | undefined>((most, { feasibility }) => {
    if (feasibility.kind !== "infeasible") return most;
    return feasibility.warmReplicasNeeded > (most?.warmReplicasNeeded ?? 0) ? feasibility : most;
  }, undefined);
  return hopeless ?? lane?.feasibility ?? { kind: "unknown" };
};

const termsOf = (scene: Scene, lanes: readonly LaneWish[]): readonly Term[] => {
  const { settings } = scene;
  const single = lanes.length === 1;
  return [
    ...lanes.flatMap(({ view, terms }) =>
      terms.map(({ name, replicas }) => ({
        name: single ? name : `${name} ${view.reads[0]?.queue.id ?? ""}`,
        replicas,
      })),
    ),
    ...settings.schedules
      .filter(({ active }) => active)
      .map(({ name, minReplicas }) => ({ name: `schedule ${name}`, replicas: minReplicas })),
    ...(settings.floor === undefined
      ? []
      : [{ name: "floor", replicas: Math.ceil(settings.floor.replicas) }]),
    ...(settings.paused?.replicas === undefined
      ? []
      : [{ name: "paused", replicas: settings.paused.replicas }]),
  ];
};

const NO_ESTIMATE: Estimate = {};

/** One decision over checked settings. */
export const runStep = (
  settings: Settings,
  before: ControlState,
  readings: Readings,
  nowMs: number,
): { readonly state: ControlState; readonly verdict: Verdict } => {
  const scene = sceneOf(settings, before, readings, nowMs);
  const { t } = scene.state;
  const lanes = readLanes(scene);
  const idle = withIdle(scene.state.idle, scene.queues, {
    t,
    complete: scene.completeness.kind === "complete" && scene.queues.length > 0,
    moved: lanes.some(({ view }) => view.moved),
  });
  // The look that saw nothing may have paired a ready count of now with figures of before.
  const idleSeconds = idle === null ? undefined : sampleAtOf(scene) - idle;
  const policy = policyOf(scene, lanes, {
    idleLong: idleSeconds !== undefined && idleSeconds >= toZeroSecondsOf(scene, lanes),
    quiet: idleSeconds !== undefined && idleSeconds >= 0,
  });
  const { proposal, state, holdSeconds, holdLeftSeconds } = applyRules(scene, lanes, policy);
  const { from, to } = proposal;
  return {
    state: {
      ...state,
      stepped: true,
      idle,
      startup: scene.startup,
      lanes: lanes.map(({ view }) => view.memory),
      queues: lanes.flatMap(({ view }) => view.reads.map(({ memory }) => memory)),
      fleet: { ...state.fleet, to, orderedAt: to > from ? t : state.fleet.orderedAt },
    },
    verdict: {
      kind: to === from ? "hold" : "scale",
      from,
      to,
      recommended: policy.recommended,
      reason: proposal.reason,
      limitedBy: proposal.limitedBy,
      ...(holdLeftSeconds !== undefined && { holdLeftSeconds }),
      feasibility: feasibilityOf(lanes, policy.lane),
      estimate: policy.lane?.estimate ?? NO_ESTIMATE,
      terms: termsOf(scene, lanes),
      explanation: explain({
        settings,
        proposal,
        recommended: policy.recommended,
        fleet: scene.fleet,
        lane: policy.lane,
        problem: problemOf(scene),
        holdSeconds,
        latenessSeconds: scene.state.lateness.seconds,
      }),
    },
  };
};

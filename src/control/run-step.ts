import type { Estimate, Feasibility, Readings, Term, Verdict } from "./contract.ts";
import { explain } from "./explanation.ts";
import { type LaneMemory, newLane, readLane } from "./policy/lane.ts";
import { type LaneWish, laneWish } from "./policy/lane-wish.ts";
import type { Reason } from "./reason.ts";
import { noAgreement, withAgreement } from "./rules/agreement.ts";
import { type Completeness, completenessOf } from "./rules/completeness.ts";
import { type DecideInput, decide, wantedReplicas } from "./rules/decide.ts";
import { fallbackActive, fallbackReplicas } from "./rules/fallback.ts";
import { largestWish, newHold, withWish } from "./rules/hold.ts";
import { withIdle } from "./rules/idle.ts";
import type { Proposal } from "./rules/proposal.ts";
import { leastWithoutInterruption } from "./rules/victims.ts";
import type { Settings } from "./settings.ts";
import { type CleanFleet, type CleanQueue, cleanFleet, cleanQueues } from "./signals/clean-readings.ts";
import { foldQueues } from "./signals/fold-queues.ts";
import { longServiceSeconds } from "./signals/service-time.ts";
import { type StartupMemory, startupForHold, startupOf, withStartup } from "./signals/startup.ts";
import { type ControlState, withClock, withDesired } from "./state.ts";

/** Most queues that are followed one by one; further ones are followed as one. */
const MOST_SHARED_QUEUES = 32;
const MOST_LANES = 10;
const MOST_POINTS = 80;
const POINTS_OF_ALL_LANES = 400;
const SHARED_LANE = "*";

/** One moment, cleaned: what every part of the step looks at. */
type Scene = {
  readonly settings: Settings;
  readonly state: ControlState;
  readonly elapsed: number;
  readonly queues: readonly CleanQueue[];
  readonly fleet: CleanFleet;
  readonly startup: StartupMemory;
  readonly sharedSlots: boolean;
  readonly completeness: Completeness;
};

const sceneOf = (settings: Settings, before: ControlState, readings: Readings, nowMs: number): Scene => {
  const clock = withClock(before, nowMs);
  const { t } = clock.state;
  const sharedSlots = readings.slotSharing !== "per-queue";
  const fleet = cleanFleet(readings.fleet, before.fleet.desired ?? 0);
  const clean = cleanQueues(readings.queues, {
    t,
    staleAfterSeconds: settings.staleAfterSeconds,
    waitSeconds: settings.waitSeconds,
  });
  const queues = foldQueues(clean, sharedSlots ? MOST_SHARED_QUEUES : MOST_LANES);
  const gap = clock.elapsed > settings.staleAfterSeconds;
  const state = {
    ...clock.state,
    ...(gap ? { hold: newHold(t), agreement: noAgreement, idle: null } : {}),
    fleet: withDesired(clock.state.fleet, fleet.desired, t),
  };
  return {
    settings,
    state,
    elapsed: clock.elapsed,
    queues,
    fleet,
    startup: withStartup(before.startup, readings.startup),
    sharedSlots,
    completeness: completenessOf(queues, fleet),
  };
};

const lanesOf = (
  scene: Scene,
): readonly { readonly key: string; readonly queues: readonly CleanQueue[] }[] => {
  if (scene.queues.length === 0) return [];
  if (scene.sharedSlots) return [{ key: SHARED_LANE, queues: scene.queues }];
  return scene.queues.map((queue) => ({ key: queue.key, queues: [queue] }));
};

const readLanes = (scene: Scene): readonly LaneWish[] => {
  const { settings, state, fleet, startup } = scene;
  const { t } = state;
  const memories = new Map(state.queues.map((memory) => [memory.key, memory]));
  const lanes = lanesOf(scene);
  const known = new Map(state.lanes.map((lane): [string, LaneMemory] => [lane.key, lane]));
  return lanes.map(({ key, queues }) => {
    const view = readLane(known.get(key) ?? newLane(key, t), {
      t,
      elapsed: scene.elapsed,
      staleAfterSeconds: settings.staleAfterSeconds,
      bornAt: state.stepped ? t : 0,
      queues,
      memories,
      fleet,
      sharedSlots: scene.sharedSlots,
      startup: startupOf(startup),
      attainmentRatio: settings.attainmentRatio,
      slotsPerReplica: settings.slotsPerReplica,
      expectedServiceSeconds: settings.expectedServiceSeconds,
      mostPoints: Math.min(MOST_POINTS, Math.floor(POINTS_OF_ALL_LANES / lanes.length)),
    });
    return laneWish(view, {
      fleet,
      startup: startupOf(startup),
      startupKnown: startup !== null,
      orderedAgo: t - state.fleet.changedAt,
      attainmentRatio: settings.attainmentRatio,
      t,
    });
  });
};

const isUnknown = ({ broker }: CleanQueue): boolean => broker === undefined;

/** What the policy wants before any rule, and which lane wants it. */
type Policy = {
  readonly recommended: number;
  readonly reason: Reason;
  readonly idle: boolean;
  readonly limit: number | undefined;
  readonly lane: LaneWish | undefined;
};

const holdSecondsOf = (scene: Scene, lanes: readonly LaneWish[]): number => {
  const startup = startupForHold(scene.startup);
  const hold = scene.settings.holdSeconds ?? Math.max(6, 0.4 * startup);
  const hopeless = lanes.some(({ feasibility }) => feasibility.kind === "infeasible");
  return hopeless ? Math.max(hold, Math.min(120, 3 * startup)) : hold;
};

const reasonOf = (lane: LaneWish, from: number): Reason => {
  const { replicas, forLoad } = lane.wish;
  if (replicas < from) return "surplus";
  if (replicas === from) return "steady";
  if (from === 0) return "from-zero";
  return lane.view.backlog.waiting > 0 && forLoad <= from ? "backlog" : "load";
};

const limitedWish = ({ wish, limit }: LaneWish): number => Math.min(wish.replicas, limit ?? wish.replicas);

/** The lane that needs most decides; a lane of which nothing is known asks for what there is. */
const policyOf = (scene: Scene, lanes: readonly LaneWish[], idleLong: boolean): Policy => {
  const from = scene.fleet.desired;
  const nothing = { idle: false, limit: undefined, lane: undefined };
  if (lanes.length === 0) return { ...nothing, recommended: from, reason: "no-queues" };
  if (scene.queues.every(isUnknown)) return { ...nothing, recommended: from, reason: "blind" };
  const known = lanes.filter(({ view }) => view.reads.some(({ queue }) => !isUnknown(queue)));
  const lane = known.reduce((most, one) => (one.wish.replicas > most.wish.replicas ? one : most));
  if (idleLong) return { ...nothing, lane, recommended: 0, reason: "idle", idle: true };
  const floor = scene.queues.some(isUnknown) ? from : 0;
  const recommended = Math.max(lane.wish.replicas, floor);
  const limited = Math.max(floor, ...known.map(limitedWish));
  return {
    idle: false,
    lane,
    recommended,
    reason: recommended === from ? "steady" : reasonOf(lane, from),
    limit: limited < recommended ? limited : undefined,
  };
};

/** At most one order in a fifth of a start-up, at most 2 s. Seconds. */
const pacingSeconds = (startupSeconds: number): number => Math.min(2, 0.2 * startupSeconds);

const capacityBlocked = ({ fleet }: Scene, lane: LaneWish | undefined): boolean => {
  if (fleet.uncreated > 0) return true;
  const failing = fleet.starting.filter(({ phase }) => phase === "failing").length;
  return lane !== undefined && failing > 0 && failing >= Math.max(1, fleet.ready);
};

type Ruled = { readonly proposal: Proposal; readonly state: ControlState; readonly holdSeconds: number };

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

const applyRules = (scene: Scene, lanes: readonly LaneWish[], policy: Policy): Ruled => {
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

const problemOf = ({ completeness }: Scene): string | undefined =>
  completeness.kind === "incomplete" ? completeness.because : undefined;

const feasibilityOf = (lanes: readonly LaneWish[], lane: LaneWish | undefined): Feasibility => {
  const hopeless = lanes
    .map(({ feasibility }) => feasibility)
    .filter((one) => one.kind === "infeasible")
    .toSorted((a, b) => b.warmReplicasNeeded - a.warmReplicasNeeded);
  return hopeless[0] ?? lane?.feasibility ?? { kind: "unknown" };
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
  const toZeroAfter = settings.toZeroAfterSeconds ?? holdSecondsOf(scene, lanes);
  const policy = policyOf(scene, lanes, idle !== null && t - idle >= toZeroAfter);
  const { proposal, state, holdSeconds } = applyRules(scene, lanes, policy);
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
      }),
    },
  };
};

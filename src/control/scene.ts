import type { Readings } from "./contract.ts";
import { type LaneMemory, newLane, readLane } from "./policy/lane.ts";
import { type LaneWish, laneWish } from "./policy/lane-wish.ts";
import { noAgreement } from "./rules/agreement.ts";
import { type Completeness, completenessOf } from "./rules/completeness.ts";
import { newHold } from "./rules/hold.ts";
import { withLateness } from "./rules/lateness.ts";
import type { Settings } from "./settings.ts";
import { type CleanFleet, type CleanQueue, cleanFleet, cleanQueues } from "./signals/clean-readings.ts";
import { foldQueues } from "./signals/fold-queues.ts";
import { type StartupMemory, startupOf, withStartup } from "./signals/startup.ts";
import { type ControlState, withClock, withDesired } from "./state.ts";

/** Most queues that are followed one by one; further ones are followed as one. */
const MOST_SHARED_QUEUES = 32;
const MOST_LANES = 10;
const MOST_POINTS = 80;
const POINTS_OF_ALL_LANES = 400;
const SHARED_LANE = "*";

/** One moment, cleaned: what every part of the step looks at. */
export type Scene = {
  readonly settings: Settings;
  readonly state: ControlState;
  readonly elapsed: number;
  readonly queues: readonly CleanQueue[];
  readonly fleet: CleanFleet;
  readonly startup: StartupMemory;
  readonly sharedSlots: boolean;
  readonly completeness: Completeness;
};

/** Cleans what came and moves the clock. */
export const sceneOf = (
  settings: Settings,
  before: ControlState,
  readings: Readings,
  nowMs: number,
): Scene => {
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
  // What was seen before a gap, or while a person had decided, says nothing of what is too much now.
  const isNew = clock.elapsed > settings.staleAfterSeconds || settings.paused !== undefined;
  const state = {
    ...clock.state,
    ...(isNew ? { hold: newHold(t), agreement: noAgreement, idle: null } : {}),
    lateness: withLateness(clock.state.lateness, queues, t),
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

/** Reads every lane and asks the policy for each. */
export const readLanes = (scene: Scene): readonly LaneWish[] => {
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

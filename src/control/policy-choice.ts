import type { LaneWish } from "./policy/lane-wish.ts";
import type { Reason } from "./reason.ts";
import type { Scene } from "./scene.ts";
import type { CleanQueue } from "./signals/clean-readings.ts";
import { startupForHold } from "./signals/startup.ts";

/** The queue's ready count is not known now. */
export const isUnknown = ({ broker }: CleanQueue): boolean => broker === undefined;

/** What the policy wants before any rule, and which lane wants it. */
export type Policy = {
  readonly recommended: number;
  readonly reason: Reason;
  readonly idle: boolean;
  /** Nothing was ready or in progress at any look since a time that the figures reach back to. */
  readonly quiet: boolean;
  readonly limit: number | undefined;
  readonly lane: LaneWish | undefined;
};

/**
 * How long fewer replicas must have been enough: as the spec says, else two fifths of a start-up, at least 6 s; three
 * start-ups while reacting is hopeless; never shorter than the figures are late.
 */
export const holdSecondsOf = (scene: Scene, lanes: readonly LaneWish[]): number => {
  const startup = startupForHold(scene.startup);
  const wished = scene.settings.holdSeconds ?? Math.max(6, 0.4 * startup);
  const hold = Math.max(wished, scene.state.lateness.seconds);
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

/** How long nothing must have been ready or in progress before the last replica goes. */
export const toZeroSecondsOf = (scene: Scene, lanes: readonly LaneWish[]): number =>
  Math.max(scene.settings.toZeroAfterSeconds ?? holdSecondsOf(scene, lanes), scene.state.lateness.seconds);

/** The lane that needs most decides; a lane of which nothing is known asks for what there is. */
export const policyOf = (
  scene: Scene,
  lanes: readonly LaneWish[],
  { idleLong, quiet }: { readonly idleLong: boolean; readonly quiet: boolean },
): Policy => {
  const from = scene.fleet.desired;
  const nothing = { idle: false, quiet, limit: undefined, lane: undefined };
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
    quiet,
    lane,
    recommended,
    reason: recommended === from ? "steady" : reasonOf(lane, from),
    limit: limited < recommended ? limited : undefined,
  };
};

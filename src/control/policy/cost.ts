import type { Startup } from "../signals/startup.ts";
import { type Capacity, withOrdered, withoutReplicas } from "./capacity.ts";
import { fluidOutlook, lateWaiting, type Load } from "./fluid.ts";

export type Choice = {
  readonly load: Load;
  readonly capacity: Capacity;
  readonly slots: number;
  readonly startup: Startup;
  /** Service times that one late job is worth. */
  readonly price: number;
  /** The present desired count. */
  readonly from: number;
};

/** Slot-seconds a removed replica costs, as a share of the horizon: what keeps the count from fluttering. */
const FRICTION = 0.4;

const startupSlotSeconds = (capacity: Capacity, slots: number, horizonSeconds: number): number => {
  let seconds = 0;
  for (const { inSeconds, replicas } of capacity.joining) {
    seconds += replicas * Math.min(horizonSeconds, inSeconds);
  }
  return seconds * slots;
};

/**
 * What it costs to run n replicas, in slot-seconds over the horizon:
 *
 *     J(n) = idle + start-up + D (a - c_end)+ + 0.4 (from - n)+ k horizon + P S (late + max(too many at the end, late of those that wait))
 *
 * c_end = slots at the end, a = offered load. Without the last term jobs that are late already would be sunk cost and
 * the queue would be left to die.
 */
export const costOf = (choice: Choice, replicas: number, horizonSeconds: number): number => {
  const { load, slots, startup, from } = choice;
  const capacity =
    replicas >= from
      ? withOrdered(choice.capacity, replicas - from, startup)
      : withoutReplicas(choice.capacity, from - replicas);
  const outlook = fluidOutlook(load, capacity, slots, horizonSeconds);
  const atStake = Math.max(outlook.jobsTooMany, lateWaiting(load, capacity, slots));
  const offered = load.perSecond * load.serviceSeconds;
  const missing = startup.p50 * Math.max(0, offered - outlook.endSlots);
  const friction = FRICTION * Math.max(0, from - replicas) * slots * horizonSeconds;
  return (
    outlook.idleSlotSeconds +
    startupSlotSeconds(capacity, slots, horizonSeconds) +
    missing +
    friction +
    choice.price * load.serviceSeconds * (outlook.lateJobs + atStake)
  );
};

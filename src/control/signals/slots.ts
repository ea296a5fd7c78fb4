import { clamp, rounded } from "./plausible.ts";

/** `perReplica` null until measured; `ready` and `since`: the ready replicas and when they last changed. */
export type SlotsMemory = {
  readonly perReplica: number | null;
  readonly ready: number;
  readonly since: number;
};

const SETTLED_SECONDS = 8;
const MOST = 10_000;

export const newSlots: SlotsMemory = { perReplica: null, ready: 0, since: 0 };

/** Slots attached to live consumers, over the replicas that report them. */
export type SlotsReading = {
  readonly slots: number | undefined;
  readonly reportingReplicas: number;
  readonly ready: number;
};

/**
 * Slots a replica = round(slots / reporting replicas), taken only when all ready replicas report and their number has
 * not changed for 8 s: scraped sums lag behind, and taking them at once halves the figure at every scale-out. The very
 * first figure is taken as soon as all report.
 */
export const withSlots = (memory: SlotsMemory, reading: SlotsReading, t: number): SlotsMemory => {
  const { slots, reportingReplicas, ready } = reading;
  const since = ready === memory.ready ? memory.since : rounded(t, 1e3);
  const settled = t - since >= SETTLED_SECONDS || memory.perReplica === null;
  const complete = slots !== undefined && ready > 0 && reportingReplicas === ready && slots >= ready;
  const perReplica =
    settled && complete ? clamp(Math.round(slots / reportingReplicas), 1, MOST) : memory.perReplica;
  return { perReplica, ready, since };
};

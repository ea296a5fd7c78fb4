import type { LaneMemory } from "./policy/lane.ts";
import { type AgreementMemory, noAgreement } from "./rules/agreement.ts";
import { type HoldMemory, newHold } from "./rules/hold.ts";
import type { IdleMemory } from "./rules/idle.ts";
import { type LatenessMemory, noLateness } from "./rules/lateness.ts";
import type { QueueMemory } from "./signals/queue-flow.ts";
import type { StartupMemory } from "./signals/startup.ts";

/** The fleet as it was at the last step. Control times in seconds. */
export type FleetMemory = {
  readonly desired: number | null;
  readonly changedAt: number;
  /** What the last verdict said. */
  readonly to: number | null;
  /** When someone else raised the count, null if nobody did. */
  readonly raisedAt: number | null;
  /** When a verdict last raised it. */
  readonly orderedAt: number | null;
};

/**
 * What the control step remembers between two calls. Plain JSON, under 16 KiB: null = not known. Opaque: made by `step`
 * and `restore`, read by `step` and `durable`.
 */
export type ControlState = {
  readonly v: 1;
  /** The clock at the last step. */
  readonly lastMs: number;
  /** Control time: seconds since the state began; never runs backwards. */
  readonly t: number;
  /** At least one step was made. */
  readonly stepped: boolean;
  readonly queues: readonly QueueMemory[];
  readonly lanes: readonly LaneMemory[];
  readonly startup: StartupMemory;
  readonly hold: HoldMemory;
  readonly agreement: AgreementMemory;
  readonly idle: IdleMemory;
  readonly lateness: LatenessMemory;
  readonly fleet: FleetMemory;
};

export const newState = (nowMs: number): ControlState => ({
  v: 1,
  lastMs: Number.isFinite(nowMs) ? nowMs : 0,
  t: 0,
  stepped: false,
  queues: [],
  lanes: [],
  startup: null,
  hold: newHold(0),
  agreement: noAgreement,
  idle: null,
  lateness: noLateness,
  fleet: { desired: null, changedAt: 0, to: null, raisedAt: null, orderedAt: null },
});

/** Longer than any gap that matters, short enough to stay a number. Seconds. */
const LONGEST_GAP_SECONDS = 1e7;

/** Moves the clock. A clock that steps back, or is no number, counts as no time. */
export const withClock = (
  state: ControlState,
  nowMs: number,
): { readonly state: ControlState; readonly elapsed: number } => {
  if (!Number.isFinite(nowMs)) return { state, elapsed: 0 };
  const elapsed = Math.min(LONGEST_GAP_SECONDS, Math.max(0, nowMs - state.lastMs) / 1000);
  const t = Math.round((state.t + elapsed) * 1e3) / 1e3;
  return { state: { ...state, lastMs: nowMs, t }, elapsed };
};

/** Follows the fleet's desired count: when it changed, and whether somebody else raised it. */
export const withDesired = (memory: FleetMemory, desired: number, t: number): FleetMemory => {
  if (memory.desired === desired) return memory;
  const raised = memory.desired !== null && desired > memory.desired && desired !== memory.to;
  return {
    ...memory,
    desired,
    changedAt: memory.desired === null ? memory.changedAt : t,
    raisedAt: raised ? t : memory.raisedAt,
  };
};

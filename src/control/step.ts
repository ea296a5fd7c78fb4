import type { Readings, Spec, Verdict } from "./contract.ts";
import { runStep } from "./run-step.ts";
import { settingsOf } from "./settings.ts";
import { type ControlState, newState } from "./state.ts";

export type * from "./contract.ts";
export { type DurableState, durable, restore } from "./durable.ts";
export { REASONS, type Reason } from "./reason.ts";
export { SpecError } from "./spec-error.ts";
export type { ControlState } from "./state.ts";

/**
 * One decision: how many replicas, and why. Pure, total and deterministic; the state is plain JSON that belongs to the
 * caller and is never changed in place. Call it every cycle: the fleet in the next readings shows what really happened.
 * Throws only a SpecError, for a spec out of range.
 */
export function step(
  spec: Spec,
  state: ControlState | undefined,
  readings: Readings,
  nowMs: number,
): { readonly state: ControlState; readonly verdict: Verdict } {
  const settings = settingsOf(spec);
  return runStep(settings, state?.v === 1 ? state : newState(nowMs), readings, nowMs);
}

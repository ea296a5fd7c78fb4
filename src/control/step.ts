import type { Readings, Spec, Verdict } from "./contract.ts";
import type { Reason } from "./reason.ts";
import { settingsOf } from "./settings.ts";

export type * from "./contract.ts";
export { REASONS, type Reason } from "./reason.ts";
export { SpecError } from "./spec-error.ts";

/** Plain JSON. */
export type ControlState = { readonly v: 1; readonly lastMs: number; readonly lowSinceMs: number | null };
/** Plain JSON. */
export type DurableState = { readonly v: 1 };

/** One decision. Pure, total, deterministic; throws only a SpecError. */
export function step(
  spec: Spec,
  state: ControlState | undefined,
  readings: Readings,
  nowMs: number,
): { readonly state: ControlState; readonly verdict: Verdict } {
  const settings = settingsOf(spec);
  const { fleet } = readings;
  const from = fleet.desired;
  const stale = settings.staleAfterSeconds;
  const serviceSeconds = settings.expectedServiceSeconds ?? settings.waitSeconds / 2;
  const slots = settings.slotsPerReplica ?? 1;
  const ready = readings.queues.map((q) =>
    q.broker !== undefined && q.broker.ageSeconds <= stale ? q.broker.ready : undefined,
  );
  const progress = readings.queues.map((q) =>
    q.workers !== undefined && q.workers.ageSeconds <= stale && q.workers.reportingReplicas >= fleet.ready
      ? q.workers.running
      : q.broker?.unacked,
  );
  const known = ready.every((r) => r !== undefined) && progress.every((r) => r !== undefined);
  const sum = (xs: readonly (number | undefined)[]): number => xs.reduce<number>((s, x) => s + (x ?? 0), 0);
  const jobs = sum(ready);
  const busy = Math.min(sum(progress), (fleet.ready + fleet.draining) * slots);
  const blind = ready.length === 0 || ready.every((r) => r === undefined);
  const need = Math.ceil((busy * 1.15 + (jobs * serviceSeconds) / settings.waitSeconds) / slots);
  const recommended = blind ? from : need;
  const hold = Math.max(settings.holdSeconds ?? 10, settings.toZeroAfterSeconds ?? 0);
  const low = known && recommended < from;
  const lowSinceMs = low ? (state?.lowSinceMs ?? nowMs) : null;
  const mayIn = lowSinceMs !== null && nowMs - lowSinceMs > hold * 1000 && settings.scaleInEnabled;
  let to = recommended < from && !mayIn ? from : recommended;
  let reason: Reason = to > from ? "load" : to < from ? "surplus" : low ? "scale-in-hold" : "steady";
  to = Math.max(settings.min, Math.min(settings.max, to));
  if (settings.paused !== undefined) {
    to = settings.paused.replicas ?? from;
    reason = "paused";
  }
  return {
    state: { v: 1, lastMs: nowMs, lowSinceMs },
    verdict: {
      kind: to === from ? "hold" : "scale",
      from,
      to,
      recommended,
      reason,
      limitedBy: settings.paused === undefined ? [] : ["paused"],
      feasibility: { kind: "unknown" },
      estimate: { serviceSeconds },
      terms: [{ name: "policy", replicas: recommended }],
      explanation: `${jobs} jobs wait and ${busy} run on ${fleet.ready} ready replicas of ${from}.`,
    },
  };
}

/** The part of the state worth keeping over a restart. */
export const durable = (_state: ControlState): DurableState => ({ v: 1 });
/** A state to go on from after a restart. */
export const restore = (_durable: DurableState, nowMs: number): ControlState => ({
  v: 1,
  lastMs: nowMs,
  lowSinceMs: null,
});

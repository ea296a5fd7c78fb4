import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { Autoscaler } from "./autoscaler.ts";
import { targetKey } from "./ports.ts";

/** Something else that scales the target. `remedy`: a sentence. */
export type Owner = { readonly kind: string; readonly name: string; readonly remedy: string };

/**
 * Of several autoscalers on one target the oldest keeps it (creationTimestamp, then name); the others are told who has
 * it. One in DryRun never writes: it neither owns a target nor is in anybody's way.
 */
export function rivalsOf(autoscalers: readonly Autoscaler[]): ReadonlyMap<Autoscaler, Owner> {
  const byTarget = Map.groupBy(autoscalers, ({ target }) => targetKey(target));
  const rivals = new Map<Autoscaler, Owner>();
  for (const sharers of byTarget.values()) {
    if (sharers.length < 2) continue;
    const writers = sharers.filter(({ resource }) => resource.spec.mode === "Active");
    const [owner] = writers.toSorted((a, b) => byAge(a.resource, b.resource));
    if (owner === undefined) continue;
    for (const autoscaler of sharers) if (autoscaler !== owner) rivals.set(autoscaler, asOwner(owner));
  }
  return rivals;
}

const asOwner = ({ resource: { metadata } }: Autoscaler): Owner => ({
  kind: "WorkerAutoscaler",
  name: metadata.name,
  remedy: `Delete one of the two, give one another spec.scaleTargetRef, or set spec.mode: DryRun on it; of several the oldest keeps the target.`,
});

function byAge(a: WorkerAutoscaler, b: WorkerAutoscaler): number {
  const [older, younger] = [a, b].map(({ metadata }) => createdMs(metadata.creationTimestamp));
  const difference = (older ?? 0) - (younger ?? 0);
  if (difference !== 0) return difference;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** Without a time, as in a file: older than all that have one. */
function createdMs(timestamp: unknown): number {
  if (timestamp instanceof Date) return timestamp.getTime();
  const parsed = typeof timestamp === "string" ? Date.parse(timestamp) : 0;
  return Number.isNaN(parsed) ? 0 : parsed;
}

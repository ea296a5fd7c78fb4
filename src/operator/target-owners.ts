import type { Autoscaler } from "./autoscaler.ts";
import { type Claim, targetKey } from "./ports.ts";

/** Something else that scales the target. `remedy`: a sentence. */
export type Owner = { readonly kind: string; readonly name: string; readonly remedy: string };

/** What may own a target: an autoscaler, or the claim of an object that cannot be read. */
type Contender = { readonly name: string; readonly creationTimestamp: unknown; readonly remedy: string };

/**
 * Of several autoscalers on one target the oldest that may act keeps it (creationTimestamp, then name); the others are told
 * who has it. One in DryRun, or that is refused, changes nothing for as long as its owner or the operator's configuration
 * says so: it neither owns a target nor is in anybody's way. One that cannot be read is a slip away from acting again: its
 * target stays its own, as nobody would expect a typing error to hand it over.
 */
export function rivalsOf(
  autoscalers: readonly Autoscaler[],
  claims: readonly Claim[],
): ReadonlyMap<Autoscaler, Owner> {
  const byTarget = Map.groupBy(autoscalers, ({ target }) => targetKey(target));
  const claimsByTarget = Map.groupBy(claims, ({ target }) => targetKey(target));
  const rivals = new Map<Autoscaler, Owner>();
  for (const [key, sharers] of byTarget) {
    const claimed = claimsByTarget.get(key) ?? [];
    if (sharers.length + claimed.length < 2) continue;
    const writers = sharers.filter(({ resource, refusal }) => resource.spec.mode === "Active" && !refusal);
    const [owner] = [...writers.map(asContender), ...claimed.map(claimant)].toSorted(byAge);
    if (owner === undefined) continue;
    const { name, remedy } = owner;
    for (const autoscaler of sharers) {
      if (autoscaler.resource.metadata.name === name) continue;
      rivals.set(autoscaler, { kind: "WorkerAutoscaler", name, remedy });
    }
  }
  return rivals;
}

const asContender = ({ resource: { metadata } }: Autoscaler): Contender => ({
  name: metadata.name,
  creationTimestamp: metadata.creationTimestamp,
  remedy:
    "Delete one of the two, give one another spec.scaleTargetRef, or set spec.mode: DryRun on it; of several the oldest that may act keeps the target.",
});

const claimant = ({ name, creationTimestamp }: Claim): Contender => ({
  name,
  creationTimestamp,
  remedy: `${name} cannot be read at the moment, so the replicas stay as they are: correct what its condition Ready names, or delete it.`,
});

function byAge(a: Contender, b: Contender): number {
  const difference = createdMs(a.creationTimestamp) - createdMs(b.creationTimestamp);
  if (difference !== 0) return difference;
  return a.name < b.name ? -1 : 1;
}

/** Without a time, as in a file: older than all that have one. */
function createdMs(timestamp: unknown): number {
  if (timestamp instanceof Date) return timestamp.getTime();
  const parsed = typeof timestamp === "string" ? Date.parse(timestamp) : 0;
  return Number.isNaN(parsed) ? 0 : parsed;
}

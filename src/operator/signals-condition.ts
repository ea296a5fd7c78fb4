import { no, type State, unknown, yes } from "./condition-state.ts";
import type { Facts } from "./conditions.ts";
import { sentence } from "./sentence.ts";

/** As many queues are named one by one. */
const named = 5;

/** Whether every queue's ready count is known; if not, which one is missing and what helps, for this autoscaler's queues alone. */
export function signalsFresh(facts: Facts): State {
  const { latest, unresolved = [], refusal } = facts;
  if (refusal !== undefined) return unknown(refusal.reason, "Its queues are not read.");
  const { readings, spec } = latest ?? {};
  if (readings === undefined || spec === undefined) return unknown("NotLookedYet", "Nothing was read yet.");
  const [pattern] = unresolved;
  if (pattern !== undefined) return no(pattern.reason, unresolved.map(({ message }) => message).join(" "));
  const staleAfterSeconds = spec.staleAfterSeconds ?? 30;
  const stale = readings.queues
    .filter(({ broker }) => broker === undefined || broker.ageSeconds > staleAfterSeconds)
    .map(({ id }) => id);
  if (stale.length > 0) return no("QueueUnknown", queuesUnknown(stale, facts));
  if (latest?.floorProblem !== undefined) return no("FloorUnknown", floorUnknown(facts, latest.floorProblem));
  return yes("Fresh", "Every queue's ready count is known.");
}

function queuesUnknown(stale: readonly string[], { latest, sourceProblems }: Facts): string {
  const more = stale.length - named;
  const list = stale.slice(0, named).join(", ") + (more > 0 ? ` and ${more} more` : "");
  const reasons = stale.flatMap((id) => latest?.unknown?.get(id) ?? []);
  // Where the broker says what is wrong with these queues, what is wrong with other ones is none of their business.
  const own = [...new Set(reasons)].slice(0, named).map(sentence).join(" ");
  const why = own === "" ? sourceProblems.map(sentence).join(" ") : own;
  return `The ready count of ${list} is not known.${why === "" ? "" : ` ${why}`}`;
}

function floorUnknown({ resource }: Facts, problem: string): string {
  return `The floor ${resource.spec.floor?.promql ?? ""} has no value and asks for nothing: ${sentence(problem)} Correct spec.floor.promql, or Prometheus.`;
}

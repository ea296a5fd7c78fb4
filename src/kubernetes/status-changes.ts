import type { AutoscalerView, JournalEntry } from "../operator/ports.ts";
import { recordOf } from "./saved-status.ts";

/** What of a written status decides whether the next one is worth a write. */
export type Written = {
  readonly atMs: number;
  readonly generation: unknown;
  /** Status by type. */
  readonly conditions: ReadonlyMap<string, string>;
  /** Messages without figures, by type of condition. */
  readonly causes: ReadonlyMap<string, string>;
  /** When the last decision was made. */
  readonly decided: unknown;
  readonly count: string;
  /** Counts, estimates and the objective's measures, by name. */
  readonly figures: ReadonlyMap<string, number>;
};

/** A condition has to last so long before it is written and told of: a look that failed once is no news. */
export const settleMs = 3_000;
/** Reasons to hold come and go with the load, and messages have figures. */
const holdsEveryMs = 10_000;
const figuresEveryMs = 60_000;
/** What is longer is cut. */
export const maxMessageCharacters = 4_096;
/** A figure that moved by less is the same. */
const deadBand = 0.1;

/** What a status on the cluster says, read without trust in its shape. */
export function writtenOf(status: unknown, atMs: number): Written {
  const { observedGeneration, conditions, lastDecision, durable, replicas, objective, estimate } =
    recordOf(status);
  const list = Array.isArray(conditions) ? conditions.map(recordOf) : [];
  return {
    atMs,
    generation: observedGeneration,
    conditions: new Map(list.map(({ type, status: is }) => [String(type), String(is)])),
    causes: causesOf(list),
    decided: recordOf(lastDecision)["time"],
    count: countText(recordOf(durable)["count"]),
    figures: new Map(
      Object.entries({ ...recordOf(estimate), ...recordOf(objective), ...recordOf(replicas) }).map(
        ([name, value]) => [name, Number(value)],
      ),
    ),
  };
}

/** What Ready says, and why the promise is not measured: other sentences have other remedies. */
const causesOf = (
  conditions: readonly { readonly type?: unknown; readonly status?: unknown; readonly message?: unknown }[],
): ReadonlyMap<string, string> =>
  new Map(
    conditions
      .filter(({ type, status }) => type === "Ready" || (type === "ObjectiveMet" && status === "Unknown"))
      .map(({ type, message }) => [String(type), String(message).slice(0, maxMessageCharacters)]),
  );

/** The API server gives the keys back in an order of its own. */
const countText = (count: unknown): string =>
  JSON.stringify(Object.entries(recordOf(count)).toSorted(([a], [b]) => a.localeCompare(b)));

/** The types of the conditions that are not as they were written. */
export function changedConditions({ view }: JournalEntry, written: Written): readonly string[] {
  return view.status.conditions
    .filter(({ type, status }) => written.conditions.get(type) !== status)
    .map(({ type }) => type);
}

/**
 * Whether to write now: a decision, a condition that changed and stayed so, a count that somebody else set, the last of the
 * replicas that were asked for; beyond these, after ten seconds, a new reason to hold or another cause; and once in a minute
 * a figure that moved out of its dead band.
 */
export function isWorthWriting(
  entry: JournalEntry,
  written: Written,
  { changedForMs, nowMs }: { readonly changedForMs: number; readonly nowMs: number },
): boolean {
  if (isNews(entry, written) || changedForMs >= settleMs) return true;
  const { view } = entry;
  const sinceMs = nowMs - written.atMs;
  const isOld = view.status.lastDecision?.time !== written.decided || isOtherCause(view, written);
  if (isOld && sinceMs >= holdsEveryMs) return true;
  return sinceMs >= figuresEveryMs && hasMoved(view, written);
}

/** As ready and as measured as before, for another reason. */
function isOtherCause({ status }: AutoscalerView, { causes }: Written): boolean {
  return [...causesOf(status.conditions)].some(([type, cause]) => causes.get(type) !== cause);
}

/** What is written at once. */
function isNews({ resource, view, saved, decision }: JournalEntry, written: Written): boolean {
  const isFirst = written.conditions.size === 0 || resource.metadata.generation !== written.generation;
  const isOtherCount = saved !== undefined && countText(saved.count) !== written.count;
  return isFirst || isOtherCount || decision?.kind === "scale" || isFilled(view, written);
}

/** All replicas that were asked for take jobs, which was not so before. */
function isFilled({ status: { replicas } }: AutoscalerView, { figures }: Written): boolean {
  const isFull = replicas.ready !== undefined && replicas.ready === replicas.desired;
  return isFull && figures.get("ready") !== replicas.ready;
}

function hasMoved({ status }: AutoscalerView, { figures }: Written): boolean {
  const now = Object.entries({ ...status.estimate, ...status.objective, ...status.replicas });
  return now.some(([name, value]) => {
    const before = figures.get(name);
    if (before === undefined || Number.isNaN(before)) return true;
    return Math.abs(value - before) > deadBand * Math.max(Math.abs(value), Math.abs(before));
  });
}

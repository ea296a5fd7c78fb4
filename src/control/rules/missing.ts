import type { CleanFleet } from "../signals/clean-readings.ts";

/** Placing takes a moment even where there is room. Seconds. */
const PLACED_AFTER_SECONDS = 10;

/** Replicas that were asked for and do not come. */
export type Missing = {
  /** Refused by quota or admission. */
  readonly uncreated: number;
  /** Image pull, crash. */
  readonly failing: number;
  /** No node has room. */
  readonly unplaced: number;
};

export const missingReplicas = ({
  uncreated,
  starting,
}: Pick<CleanFleet, "uncreated" | "starting">): Missing => ({
  uncreated,
  failing: starting.filter(({ phase }) => phase === "failing").length,
  unplaced: starting.filter(
    ({ phase, ageSeconds }) => phase === "unscheduled" && ageSeconds >= PLACED_AFTER_SECONDS,
  ).length,
});

/**
 * Whether more replicas would only join those that do not come: some were refused or found no node, or as many fail as
 * are ready. Where fewer fail, others may start, and those that fail are merely not made up for.
 */
export const isFull = ({ uncreated, failing, unplaced }: Missing, { ready }: CleanFleet): boolean =>
  uncreated + unplaced > 0 || (failing > 0 && failing >= Math.max(1, ready));

/** What is missing, for people. */
export const missingText = ({ uncreated, failing, unplaced }: Missing): string =>
  [
    [uncreated, "could not be created"],
    [failing, failing === 1 ? "fails to start" : "fail to start"],
    [unplaced, unplaced === 1 ? "finds no node with room" : "find no node with room"],
  ]
    .filter(([count]) => Number(count) > 0)
    .map(([count, what]) => `${count} ${count === 1 ? "replica" : "replicas"} ${what}`)
    .join(", ");

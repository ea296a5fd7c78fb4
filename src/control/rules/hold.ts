import { rounded } from "../signals/plausible.ts";

/**
 * The counts that were wished for, so that a scale-in goes to the largest of the hold. `since`: control time since when
 * every step was watched; `wishes`: [time, replicas], oldest first, replicas falling, at most 16.
 */
export type HoldMemory = {
  readonly since: number;
  readonly wishes: readonly (readonly [at: number, replicas: number])[];
};

const MOST_WISHES = 16;

export const newHold = (t: number): HoldMemory => ({ since: rounded(t, 1e3), wishes: [] });

/** Adds a wish: earlier ones that are not larger do not matter any more. Two neighbours merge into the larger with the later time when there are too many. */
export const withWish = (
  memory: HoldMemory,
  t: number,
  replicas: number,
  holdSeconds: number,
): HoldMemory => {
  const kept = memory.wishes.filter(([at, count]) => count > replicas && at >= t - holdSeconds);
  const wishes = [...kept, [rounded(t, 1e3), replicas] as const];
  if (wishes.length > MOST_WISHES) {
    const [first, second] = wishes;
    if (first !== undefined && second !== undefined) wishes.splice(0, 2, [second[0], first[1]]);
  }
  return { since: memory.since, wishes };
};

/** The largest wish of the hold; undefined while it was not watched throughout. */
export const largestWish = (memory: HoldMemory, t: number, holdSeconds: number): number | undefined =>
  t - memory.since < holdSeconds ? undefined : memory.wishes[0]?.[1];

/** Until the hold lets the count go below `replicas`, unless as many are wished for before. Seconds; 0 or less when it does now. */
export const holdLeftSeconds = (
  { since, wishes }: HoldMemory,
  t: number,
  { holdSeconds, replicas }: { readonly holdSeconds: number; readonly replicas: number },
): number => {
  const last = wishes.findLast(([, wished]) => wished >= replicas)?.[0] ?? since;
  return rounded(Math.max(since, last) + holdSeconds - t, 1e3);
};

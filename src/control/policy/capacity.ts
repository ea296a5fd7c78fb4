import type { CleanFleet } from "../signals/clean-readings.ts";
import type { Startup } from "../signals/startup.ts";

/** Replicas that will join, by time: `inSeconds` from now, ascending; `replicas` at each. At most 13 groups. */
type Joining = { readonly inSeconds: number; readonly replicas: number };

/**
 * What the fleet can do: replicas that take jobs now, those on their way, and `lost` ones that hold a place of the
 * desired count and will not come (failing, or stuck far beyond the usual start-up).
 */
export type Capacity = {
  readonly ready: number;
  readonly joining: readonly Joining[];
  readonly lost: number;
};

const MOST_GROUPS = 12;
/** Beyond this many 95 % start-ups a starting replica is not counted on any more. */
const STUCK_STARTUPS = 3;
const LEAST_STUCK_SECONDS = 60;
/** While no start-up is known, as long as Kubernetes waits for a Deployment: images and warm-ups take minutes. */
const UNKNOWN_STUCK_SECONDS = 600;

const stuckSeconds = ({ p95, assumed }: Startup): number =>
  assumed === true ? UNKNOWN_STUCK_SECONDS : Math.max(LEAST_STUCK_SECONDS, STUCK_STARTUPS * p95);

/** Seconds until a replica of this age joins: the rest of the median, or half of what is left to the 95 % one, at least 1 s. */
const remaining = (age: number, startup: Startup): number =>
  age > startup.p50 ? Math.max(1, (startup.p95 - age) / 2) : startup.p50 - age;

const grouped = (seconds: readonly number[]): readonly Joining[] => {
  const sorted = seconds.toSorted((a, b) => a - b);
  const size = Math.max(1, Math.ceil(sorted.length / MOST_GROUPS));
  const groups: Joining[] = [];
  for (let i = 0; i < sorted.length; i += size) {
    const group = sorted.slice(i, i + size);
    groups.push({ inSeconds: group.reduce((sum, s) => sum + s, 0) / group.length, replicas: group.length });
  }
  return groups;
};

/**
 * Capacity now and soon. A rollout's surge above `desired` is no capacity. Replicas that were asked for `orderedAgo`
 * seconds ago and do not show in any list yet count as starting since then.
 */
export const capacityOf = (fleet: CleanFleet, startup: Startup, orderedAgo: number): Capacity => {
  const ready = Math.min(fleet.ready, fleet.desired);
  const stuck = stuckSeconds(startup);
  const listed = fleet.starting.length;
  const coming = fleet.starting.filter(({ ageSeconds, phase }) => phase !== "failing" && ageSeconds < stuck);
  const ages = coming.map(({ ageSeconds }) => ageSeconds).toSorted((a, b) => b - a);
  const unseen = Math.max(0, fleet.desired - ready - listed - fleet.uncreated);
  if (orderedAgo < stuck) for (let i = 0; i < Math.min(unseen, 1000); i += 1) ages.push(orderedAgo);
  const places = Math.max(0, fleet.desired - ready);
  const joining = ages.slice(0, places).map((age) => remaining(age, startup));
  return { ready, joining: grouped(joining), lost: places - joining.length };
};

/** The same fleet with `more` replicas ordered now. */
export const withOrdered = (capacity: Capacity, more: number, startup: Startup): Capacity =>
  more <= 0
    ? capacity
    : { ...capacity, joining: [...capacity.joining, { inSeconds: startup.p50, replicas: more }] };

/** The same fleet with `fewer` replicas: lost ones go first, then the youngest starting, then ready ones. */
export const withoutReplicas = (capacity: Capacity, fewer: number): Capacity => {
  let left = fewer - Math.min(fewer, capacity.lost);
  const joining: Joining[] = [];
  for (const group of capacity.joining.toReversed()) {
    const taken = Math.min(left, group.replicas);
    left -= taken;
    if (group.replicas > taken) joining.push({ ...group, replicas: group.replicas - taken });
  }
  return {
    ready: Math.max(0, capacity.ready - left),
    joining: joining.toReversed(),
    lost: Math.max(0, capacity.lost - fewer),
  };
};

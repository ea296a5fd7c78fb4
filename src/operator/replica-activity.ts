import type { BrokerSample, Replica, WorkerSample } from "./ports.ts";
import type { Taken } from "./build-readings.ts";

/** What tells which replica runs a job. */
export type ActivitySeen = {
  readonly replicas: readonly Replica[];
  readonly queueKeys: readonly string[];
  readonly broker: string;
  readonly brokerSample?: Taken<BrokerSample>;
  readonly workerSample?: Taken<WorkerSample>;
  /** What is older tells nothing. */
  readonly staleAfterSeconds: number;
  /** For how long every queue has been seen empty, at every look; 0 while one is not. */
  readonly quietForSeconds: number;
  readonly nowMs: number;
};

/** A delivery that a look just missed is told by then. */
const deliverySeconds = 1;

/** Jobs in progress by pod name or address; a replica that is in none of them is not known. */
type Counts = ReadonlyMap<string, number>;

/**
 * The replicas that run nothing: every fresh source that knows the replica says so, and one at least does. Undefined when
 * no replica at all can be told apart, so that a fleet of unknowns is not mistaken for a busy one.
 */
export function idleReplicas(seen: ActivitySeen): readonly string[] | undefined {
  const sources = [...workerCounts(seen), ...brokerCounts(seen)];
  let known = 0;
  const idle: string[] = [];
  for (const replica of seen.replicas) {
    const told = sources.flatMap((counts) => jobsOf(replica, counts) ?? []);
    if (told.length > 0) known += 1;
    if (told.length > 0 && told.every((jobs) => jobs === 0)) idle.push(replica.id);
  }
  return known === 0 ? undefined : idle;
}

/** Its jobs by one source: by its name, else the sum over its addresses. */
function jobsOf({ id, addresses }: Replica, counts: Counts): number | undefined {
  const byName = counts.get(id);
  if (byName !== undefined) return byName;
  const byAddress = addresses.flatMap((address) => counts.get(address) ?? []);
  return byAddress.length === 0 ? undefined : byAddress.reduce((sum, jobs) => sum + jobs, 0);
}

function workerCounts(seen: ActivitySeen): Counts[] {
  const { queueKeys, workerSample, nowMs } = seen;
  return queueKeys.flatMap((key) => {
    const queue = workerSample?.sample.queues.get(key);
    if (queue?.runningByReplica === undefined) return [];
    const ageSeconds = queue.workers.ageSeconds + sinceSeconds(workerSample, nowMs);
    return countsOf(queue.runningByReplica, ageSeconds, seen);
  });
}

function brokerCounts(seen: ActivitySeen): Counts[] {
  const { broker, brokerSample, nowMs } = seen;
  const holders = brokerSample?.sample.holders?.get(broker);
  if (holders === undefined) return [];
  return countsOf(holders.unackedByAddress, holders.ageSeconds + sinceSeconds(brokerSample, nowMs), seen);
}

/**
 * A replica that had nothing a while ago may have taken a job since, unless nothing was there to take: then it counts as
 * having one, so that it is no victim.
 */
function countsOf(
  told: Counts,
  ageSeconds: number,
  { staleAfterSeconds, quietForSeconds }: ActivitySeen,
): Counts[] {
  if (ageSeconds > staleAfterSeconds) return [];
  if (quietForSeconds >= ageSeconds + deliverySeconds) return [told];
  return [new Map([...told].map(([replica, jobs]) => [replica, Math.max(1, jobs)]))];
}

const sinceSeconds = (taken: Taken<unknown> | undefined, nowMs: number): number =>
  taken === undefined ? 0 : Math.max(0, nowMs - taken.atMs) / 1_000;

/** Since when each replica has been idle: as many entries as there are idle replicas. */
export class IdleSince {
  #since: ReadonlyMap<string, number> = new Map();

  /** Notes who is idle now; undefined: nothing can be told, so nobody is. */
  note(idle: readonly string[] | undefined, nowMs: number): void {
    this.#since = new Map((idle ?? []).map((id) => [id, this.#since.get(id) ?? nowMs]));
  }

  /**
   * Those that became idle last, at most `count`. A broker gives the next job to the consumer that has had room for longest
   * (quorum queues), or that was given its last one longest ago (classic queues): these are the least likely to have been
   * given one since they were seen idle.
   */
  latest(count: number): readonly string[] {
    const byAge = [...this.#since].toSorted(([, a], [, b]) => b - a);
    return byAge.slice(0, Math.max(0, count)).map(([id]) => id);
  }
}

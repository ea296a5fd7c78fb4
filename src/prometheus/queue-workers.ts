import type { WorkerQueueSample, WorkersBlock } from "../operator/ports.ts";
import { CounterHistory } from "./counter-history.ts";
import {
  type GaugeSample,
  type RunningSample,
  type ScrapedQueue,
  type ScrapedReplica,
  isWaitTotal,
  waitTotal,
} from "./scraped-workers.ts";

/** A replica whose newest sample is older than the newest of its fellows by more than this many scrape intervals is dead. */
const deadAfterIntervals = 2.5;

export type Moment = {
  /** By the clock that stamps the samples, Unix ms. */
  readonly nowMs: number;
  readonly scrapeIntervalMs: number;
  readonly replicas: ReadonlyMap<string, ScrapedReplica>;
};

type LiveReplica = ScrapedReplica & { readonly id: string };

/** Turns what the replicas say of one queue into its workers block, read after read. */
export class QueueWorkers {
  readonly #history: CounterHistory;
  readonly #baseEpoch: string;
  /** Counts the changes of the wait histogram's edges, each of which begins an epoch. */
  #edgeChanges = 0;
  #edges: readonly number[] | undefined;

  constructor(beganMs: number) {
    this.#history = new CounterHistory(beganMs);
    this.#baseEpoch = String(beganMs);
  }

  /** undefined when no live replica counts jobs of this queue: then nothing is known of it. */
  take(scraped: ScrapedQueue, moment: Moment): WorkerQueueSample | undefined {
    this.#history.add(scraped.counters, (replica, atMs) => startAt(moment.replicas.get(replica), atMs));
    this.#history.forget(moment.nowMs);
    const live = liveReplicas(scraped, moment);
    const started = this.#history.total("started");
    if (live.length === 0 || started === undefined) return undefined;
    const waits = this.#waits(scraped, live); // before the epoch is read: it may begin a new one
    const oldestMs = Math.min(...live.map(({ newestMs }) => newestMs));
    const running = newestOf(scraped.running, live);
    const own = live.flatMap((replica) => replica.slots.get(scraped.name) ?? []);
    const busySeconds = this.#history.total("busySeconds");
    const workers: WorkersBlock = {
      ageSeconds: secondsBetween(oldestMs, moment.nowMs),
      epoch: `${this.#baseEpoch}-${this.#edgeChanges}`,
      reportingReplicas: live.filter((replica) => isServing(replica, scraped.name)).length,
      running: sum(running.map(({ value }) => value)),
      ...(own.length > 0 && { slots: sum(own) }),
      started,
      finished: this.#history.total("finished") ?? 0,
      serviceSeconds: this.#history.total("serviceSeconds") ?? 0,
      ...(busySeconds !== undefined && { busySeconds }),
      ...(waits && { waits }),
    };
    const depth = deepest(scraped, live, moment);
    return {
      workers,
      runningByReplica: byName(running),
      attachedSlots: sum(live.flatMap(({ slots }) => [...slots.values()])),
      ...(depth && { depth }),
    };
  }

  /** Only edges that every live replica has; when they change, the counts begin anew. */
  #waits({ edges }: ScrapedQueue, live: readonly LiveReplica[]): WorkersBlock["waits"] {
    const told = live.flatMap(({ id }) => edges.get(id) ?? []);
    const [first, ...others] = told;
    if (first === undefined) return undefined;
    const common = [...first]
      .filter((edge) => others.every((other) => other.has(edge)))
      .sort((a, b) => a - b);
    if (this.#edges !== undefined && !isSame(this.#edges, common)) {
      this.#edgeChanges += 1;
      this.#history.reset(isWaitTotal);
    }
    this.#edges = common;
    const counts = [...common, Infinity].map((edge) => this.#history.total(waitTotal(edge)) ?? 0);
    return { edgesSeconds: common, counts };
  }
}

/** The start that the scrape itself told, or the last one before it. */
const startAt = (replica: ScrapedReplica | undefined, atMs: number): number | undefined => {
  const exact = replica?.starts.get(atMs);
  if (exact !== undefined || replica === undefined) return exact;
  let last: number | undefined;
  for (const [timestampMs, seconds] of replica.starts) if (timestampMs <= atMs) last = seconds;
  return last;
};

const liveReplicas = (scraped: ScrapedQueue, moment: Moment): readonly LiveReplica[] => {
  const alive = [...scraped.replicas].flatMap((id) => {
    const replica = moment.replicas.get(id);
    return replica?.live ? [{ ...replica, id }] : [];
  });
  const newestMs = Math.max(...alive.map((replica) => replica.newestMs));
  const limitMs = newestMs - deadAfterIntervals * moment.scrapeIntervalMs;
  return alive.filter((replica) => replica.newestMs >= limitMs);
};

/** A draining replica has no slot left for the queue, neither its own nor a shared one. */
const isServing = ({ slots }: ScrapedReplica, queue: string): boolean => {
  const own = [slots.get(queue), slots.get("")].filter((count) => count !== undefined);
  return sum(own.length > 0 ? own : [...slots.values()]) > 0;
};

/** The samples of live replicas' newest scrapes: a series that the newest scrape no longer has says nothing. */
const newestOf = <T extends GaugeSample>(
  samples: readonly T[],
  live: readonly LiveReplica[],
): readonly T[] => {
  const newest = new Map(live.map(({ id, newestMs }) => [id, newestMs]));
  return samples.filter(({ replica, atMs }) => newest.get(replica) === atMs);
};

/** Draining ones too: what they run still runs. A replica whose newest scrape does not tell is left out, not idle. */
const byName = (running: readonly RunningSample[]): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  for (const { name, value } of running) sums.set(name, (sums.get(name) ?? 0) + value);
  return sums;
};

/** A draining replica may have stopped to look, so only serving ones are asked. */
const deepest = (
  { depth, name }: ScrapedQueue,
  live: readonly LiveReplica[],
  { nowMs }: Moment,
): WorkerQueueSample["depth"] => {
  const serving = live.filter((replica) => isServing(replica, name));
  const [first, ...others] = newestOf(depth, serving);
  if (first === undefined) return undefined;
  const most = others.reduce((best, sample) => (sample.value > best.value ? sample : best), first);
  return { ready: most.value, ageSeconds: secondsBetween(most.atMs, nowMs) };
};

const secondsBetween = (fromMs: number, toMs: number): number => Math.max(0, toMs - fromMs) / 1_000;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);

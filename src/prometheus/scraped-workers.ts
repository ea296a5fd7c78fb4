import { WORKER_METRICS } from "../../kit/src/worker/metric-names.ts";
import type { CounterSeries } from "./counter-history.ts";
import type { InstantVector, Series } from "./prometheus-api.ts";
import { replicaIdentity, replicaName, seriesIdentity, type WorkerLabels } from "./worker-labels.ts";

/** What one replica's last scrapes said, over all its queues. */
export type ScrapedReplica = {
  /** Time of its newest sample, Unix ms. */
  newestMs: number;
  /** False once its last scrape failed or it is no target any more. */
  live: boolean;
  /** Process start (Unix seconds) by scrape time (Unix ms), oldest first. */
  readonly starts: Map<number, number>;
  /** Slots attached to live consumers, by queue name; "" for slots that its queues share. */
  readonly slots: Map<string, number>;
};

/** What the replicas said of one queue. */
export type ScrapedQueue = {
  readonly name: string;
  readonly counters: CounterSeries[];
  /** Upper edges of the wait histogram by replica, as `le` says them, without the infinite one. */
  readonly edges: Map<string, Set<number>>;
  /** Newest sample of each gauge, with its replica. */
  readonly running: RunningSample[];
  readonly depth: GaugeSample[];
  /** Replicas with any series of this queue. */
  readonly replicas: Set<string>;
};
export type RunningSample = GaugeSample & {
  /** What a fleet calls the replica. */
  readonly name: string;
};
export type GaugeSample = { readonly replica: string; readonly atMs: number; readonly value: number };

export type ScrapedWorkers = {
  readonly replicas: ReadonlyMap<string, ScrapedReplica>;
  /** By the identity of the queue. */
  readonly queues: ReadonlyMap<string, ScrapedQueue>;
};

/** The metrics of the main query, all of one scrape with one timestamp. */
export const mainMetrics: readonly string[] = [
  WORKER_METRICS.jobsStarted,
  WORKER_METRICS.jobsProcessed,
  `${WORKER_METRICS.jobDurationSeconds}_sum`,
  WORKER_METRICS.busySeconds,
  WORKER_METRICS.jobsRunning,
  WORKER_METRICS.workersRunning,
  WORKER_METRICS.queueDepth,
  WORKER_METRICS.processStart,
];
export const waitBuckets = `${WORKER_METRICS.jobWaitSeconds}_bucket`;

const totals: Readonly<Record<string, string>> = {
  [WORKER_METRICS.jobsStarted]: "started",
  [WORKER_METRICS.jobsProcessed]: "finished",
  [`${WORKER_METRICS.jobDurationSeconds}_sum`]: "serviceSeconds",
  [WORKER_METRICS.busySeconds]: "busySeconds",
};
/** Name of the total of the wait bucket with this upper edge in seconds; Infinity counts all. */
export const waitTotal = (edgeSeconds: number): string => `waits ${edgeSeconds}`;

export const isWaitTotal = (total: string): boolean => total.startsWith("waits ");

type Answers = {
  readonly main: readonly Series[];
  readonly waits: readonly Series[];
  readonly live: InstantVector;
};

/** Sorts the series of one read by replica and queue; only the queues in `wanted` are kept. */
export const sortSeries = (
  { main, waits, live }: Answers,
  names: WorkerLabels,
  wanted: ReadonlySet<string>,
): ScrapedWorkers => {
  const replicas = replicasOf(main, live, names);
  const queues = new Map<string, ScrapedQueue>();
  const queueOf = ({ labels }: Series): ScrapedQueue | undefined => {
    const identity = seriesIdentity(labels, names);
    if (!wanted.has(identity)) return undefined;
    const known = queues.get(identity) ?? emptyQueue(labels[names.queue] ?? "");
    queues.set(identity, known);
    return known;
  };
  for (const series of main) {
    const queue = queueOf(series);
    if (queue !== undefined) addMain(queue, series, names);
  }
  for (const series of waits) {
    const replica = replicaIdentity(series.labels, names);
    const newestMs = replicas.get(replica)?.newestMs;
    const queue = newestMs === undefined ? undefined : queueOf(series);
    if (queue !== undefined && newestMs !== undefined) addWait(queue, series, { replica, newestMs });
  }
  return { replicas, queues };
};

const emptyQueue = (name: string): ScrapedQueue => ({
  name,
  counters: [],
  edges: new Map(),
  running: [],
  depth: [],
  replicas: new Set(),
});

const replicasOf = (main: readonly Series[], live: InstantVector, names: WorkerLabels) => {
  const alive = new Set(live.map(({ labels }) => replicaIdentity(labels, names)));
  const replicas = new Map<string, ScrapedReplica>();
  for (const { labels, samples } of main) {
    const id = replicaIdentity(labels, names);
    const known = replicas.get(id) ?? {
      newestMs: 0,
      live: alive.has(id),
      starts: new Map<number, number>(),
      slots: new Map<string, number>(),
    };
    replicas.set(id, known);
    known.newestMs = Math.max(known.newestMs, samples.at(-1)?.[0] ?? 0);
    if (labels["__name__"] === WORKER_METRICS.processStart)
      for (const [atMs, seconds] of samples) known.starts.set(atMs, seconds);
  }
  addSlots(replicas, main, names);
  return replicas;
};

const addSlots = (
  replicas: ReadonlyMap<string, ScrapedReplica>,
  main: readonly Series[],
  names: WorkerLabels,
): void => {
  for (const { labels, samples } of main) {
    if (labels["__name__"] !== WORKER_METRICS.workersRunning) continue;
    const replica = replicas.get(replicaIdentity(labels, names));
    const [atMs, slots] = samples.at(-1) ?? [0, 0];
    if (replica === undefined || atMs !== replica.newestMs) continue;
    const queue = labels[names.queue] ?? "";
    replica.slots.set(queue, (replica.slots.get(queue) ?? 0) + slots);
  }
};

const addMain = (queue: ScrapedQueue, { labels, samples }: Series, names: WorkerLabels): void => {
  const replica = replicaIdentity(labels, names);
  const name = labels["__name__"] ?? "";
  const total = totals[name];
  const [atMs, value] = samples.at(-1) ?? [];
  queue.replicas.add(replica);
  if (total !== undefined) queue.counters.push({ key: JSON.stringify(labels), total, replica, samples });
  if (atMs === undefined || value === undefined) return;
  if (name === WORKER_METRICS.jobsRunning)
    queue.running.push({ replica, atMs, value, name: replicaName(labels, names) });
  if (name === WORKER_METRICS.queueDepth) queue.depth.push({ replica, atMs, value });
};

/** The two queries are answered one after the other: a scrape that only the second one saw waits for the next read. */
const addWait = (
  queue: ScrapedQueue,
  { labels, samples }: Series,
  { replica, newestMs }: { readonly replica: string; readonly newestMs: number },
): void => {
  const edge = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
  if (Number.isNaN(edge)) return;
  const seen = samples.filter(([atMs]) => atMs <= newestMs);
  queue.counters.push({ key: JSON.stringify(labels), total: waitTotal(edge), replica, samples: seen });
  if (edge === Infinity || seen.at(-1)?.[0] !== newestMs) return;
  const edges = queue.edges.get(replica) ?? new Set();
  queue.edges.set(replica, edges.add(edge));
};

import type { QueueRef, WorkerQueueSample, WorkerSample, WorkerSource } from "../operator/ports.ts";
import { WORKER_METRICS } from "../../kit/src/worker/metric-names.ts";
import {
  createPrometheusApi,
  type InstantVector,
  type PrometheusApi,
  type Series,
} from "./prometheus-api.ts";
import type { PrometheusOptions } from "./prometheus-options.ts";
import { QueueWorkers } from "./queue-workers.ts";
import { mainMetrics, sortSeries, waitBuckets } from "./scraped-workers.ts";
import { kitLabels, queueIdentity, type WorkerLabels } from "./worker-labels.ts";

export type PrometheusWorkerSourceOptions = PrometheusOptions & {
  /** How often Prometheus asks the workers. Default 5. A replica that is 2.5 intervals behind the others counts as dead. */
  readonly scrapeIntervalSeconds?: number;
  /**
   * More label matchers for every query, as PromQL, for example `job="workers",cluster="a"`. Where Prometheus watches
   * much else they keep the answers small, as every process exports its start time.
   */
  readonly matchers?: string;
  /** Names of the labels that tell queues and replicas apart, where they differ from the kit's. */
  readonly labels?: Partial<WorkerLabels>;
};

const defaultScrapeIntervalSeconds = 5;
/** How far back samples are read, at least: as long as the control step takes a block for fresh. */
const leastWindowSeconds = 30;
/** A queue that nobody asked about for so long is forgotten. */
const forgetQueueAfterReads = 1_000;

/**
 * The workers' own metrics, read from Prometheus with two range selectors and one instant query, whatever the number of
 * queues. Totals count from the first read on; ages are by Prometheus' own clock.
 */
export const createPrometheusWorkerSource = (options: PrometheusWorkerSourceOptions): WorkerSource =>
  new PrometheusWorkerSource(options);

type Answers = {
  readonly main: readonly Series[];
  readonly waits: readonly Series[];
  readonly live: InstantVector;
};
type Known = { readonly workers: QueueWorkers; lastRead: number };

class PrometheusWorkerSource implements WorkerSource {
  readonly #api: PrometheusApi;
  readonly #labels: WorkerLabels;
  readonly #scrapeIntervalMs: number;
  readonly #queries: Readonly<Record<keyof Answers, string>>;
  readonly #queues = new Map<string, Known>();
  #reads = 0;
  /** Once workers were seen, an empty answer means that none runs now. Before, it may be a scrape that was never set up. */
  #sawWorkers = false;

  constructor(options: PrometheusWorkerSourceOptions) {
    const { scrapeIntervalSeconds = defaultScrapeIntervalSeconds, matchers = "", labels } = options;
    this.#api = createPrometheusApi(options);
    this.#labels = { ...kitLabels, ...labels };
    this.#scrapeIntervalMs = scrapeIntervalSeconds * 1_000;
    const windowSeconds = Math.ceil(Math.max(leastWindowSeconds, 3 * scrapeIntervalSeconds));
    const more = matchers === "" ? "" : `,${matchers}`;
    this.#queries = {
      main: `{__name__=~"${mainMetrics.join("|")}"${more}}[${windowSeconds}s]`,
      waits: `{__name__="${waitBuckets}"${more}}[${windowSeconds}s]`,
      live: `timestamp({__name__="${WORKER_METRICS.workersRunning}"${more}}) or vector(time())`, // never empty: it tells the time
    };
  }

  async read(queues: readonly QueueRef[], signal: AbortSignal): Promise<WorkerSample> {
    this.#reads += 1;
    const { main, waits, live } = this.#queries;
    const [mainAnswer, waitsAnswer, liveAnswer] = await Promise.allSettled([
      this.#api.range(main, signal),
      this.#api.range(waits, signal),
      this.#api.instant(live, signal),
    ]);
    if (mainAnswer.status === "rejected") return nothing(mainAnswer.reason);
    if (liveAnswer.status === "rejected") return nothing(liveAnswer.reason);
    const sampled = this.#sample(queues, {
      main: mainAnswer.value,
      waits: waitsAnswer.status === "fulfilled" ? waitsAnswer.value : [],
      live: liveAnswer.value,
    });
    this.#sawWorkers ||= liveAnswer.value.length > 1;
    this.#forgetQueues();
    if (waitsAnswer.status === "rejected") return { queues: sampled, problem: messageOf(waitsAnswer.reason) };
    if (!this.#sawWorkers && queues.length > 0)
      return { queues: sampled, problem: "Prometheus has not seen any worker yet", isUnseen: true };
    return { queues: sampled };
  }

  #sample(queues: readonly QueueRef[], answers: Answers): Map<string, WorkerQueueSample> {
    const byIdentity = new Map(queues.map((queue) => [queueIdentity(queue, this.#labels), queue]));
    const scraped = sortSeries(answers, this.#labels, new Set(byIdentity.keys()));
    const samples = new Map<string, WorkerQueueSample>();
    const { replicas } = scraped;
    const nowMs = answers.live[0]?.atMs;
    if (nowMs === undefined) return samples;
    for (const [identity, { key }] of byIdentity) {
      const known = this.#knownQueue(key, nowMs);
      const queue = scraped.queues.get(identity);
      const sample =
        queue && known.take(queue, { nowMs, replicas, scrapeIntervalMs: this.#scrapeIntervalMs });
      if (sample !== undefined) samples.set(key, sample);
    }
    return samples;
  }

  #knownQueue(key: string, nowMs: number): QueueWorkers {
    const known = this.#queues.get(key) ?? { workers: new QueueWorkers(nowMs), lastRead: 0 };
    known.lastRead = this.#reads;
    this.#queues.set(key, known);
    return known.workers;
  }

  #forgetQueues(): void {
    for (const [key, { lastRead }] of this.#queues) {
      if (this.#reads - lastRead > forgetQueueAfterReads) this.#queues.delete(key);
    }
  }
}

const nothing = (reason: unknown): WorkerSample => ({ queues: new Map(), problem: messageOf(reason) });
const messageOf = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));

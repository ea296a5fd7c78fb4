import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { BrokerBlock, BrokerSample, QueueRef } from "../operator/ports.ts";
import { createManagementApi } from "./management-api.ts";
import { ManagementPoller } from "./management-poller.ts";
import { type Declared, mergeBlock } from "./merge-block.ts";
import { type Declaration, PassiveReader } from "./passive-reader.ts";
import { createEpochs, type Epochs } from "./queue-counters.ts";
import { createRateCap, type RateCap } from "./rate-cap.ts";

export type BrokerReaderOptions = {
  readonly url: string;
  readonly managementUrl?: string;
  readonly maxDeclaresPerSecond: number;
  readonly managementPeriodMs: number;
  readonly statisticsIntervalMs: number;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** Connections of one broker: one for each vhost. */
const maxVhosts = 64;
/** A vhost or queue that nobody asked about for so long is forgotten. */
const forgetAfterMs = 10 * 60_000;
/** A queue that is missing is asked for again after this, doubling up to the last: each such question costs a channel. */
const missingRetryMs = 500;
const maxMissingRetryMs = 5_000;

type Vhost = { readonly reader: PassiveReader; askedAtMs: number };
type Queue = {
  askedAtMs: number;
  /** When a declare was last sent, for the fairness of the rate cap. */
  declaredAtMs: number;
  declared: Declared | undefined;
  absent: { readonly problem: string; readonly times: number; readonly retryAtMs: number } | undefined;
};

/** All that is read of one broker. */
export class BrokerReader implements Service {
  readonly #options: BrokerReaderOptions;
  readonly #poller: ManagementPoller | undefined;
  readonly #cap: RateCap;
  readonly #epochs: Epochs;
  readonly #vhosts = new Map<string, Vhost>();
  readonly #queues = new Map<string, Queue>();
  #running = false;

  constructor(options: BrokerReaderOptions) {
    const { managementUrl, managementPeriodMs, statisticsIntervalMs, logger, nowMs } = options;
    this.#options = options;
    this.#cap = createRateCap(options.maxDeclaresPerSecond);
    this.#epochs = createEpochs(String(nowMs()));
    if (managementUrl !== undefined) {
      const api = createManagementApi({ url: managementUrl, statisticsIntervalMs, nowMs });
      this.#poller = new ManagementPoller({ api, periodMs: managementPeriodMs, logger, nowMs });
    }
  }

  async start(): Promise<void> {
    this.#running = true;
    await this.#poller?.start();
  }

  async stop(): Promise<void> {
    this.#running = false;
    const readers = [...this.#vhosts.values()].map(({ reader }) => reader.stop());
    this.#vhosts.clear();
    await Promise.all([...readers, this.#poller?.stop()]);
  }

  /** Never rejects. */
  async read(refs: readonly QueueRef[], signal: AbortSignal): Promise<BrokerSample> {
    if (!this.#running) return { queues: new Map(), problem: "the broker source is not running" };
    await this.#forget();
    const byVhost = Map.groupBy(this.#due(refs), ({ vhost }) => vhost);
    const problems = await Promise.all([...byVhost].map(([vhost, due]) => this.#declare(vhost, due, signal)));
    const blocks = new Map<string, BrokerBlock>();
    for (const ref of refs) {
      const block = this.#blockOf(ref);
      if (block !== undefined) blocks.set(ref.key, block);
    }
    const all = [...problems, ...this.#absences(refs), this.#poller?.problem].filter(
      (problem) => problem !== undefined,
    );
    return all.length === 0 ? { queues: blocks } : { queues: blocks, problem: [...new Set(all)].join("; ") };
  }

  /** Those to be declared now, within the rate cap: the longest unasked first. A queue known to be missing waits its time. */
  #due(refs: readonly QueueRef[]): readonly QueueRef[] {
    const nowMs = this.#options.nowMs();
    const wanted = refs.filter(({ key }) => {
      const queue = this.#queueOf(key);
      queue.askedAtMs = nowMs;
      return queue.absent === undefined || queue.absent.retryAtMs <= nowMs;
    });
    const allowed = this.#cap.take(wanted.length, nowMs);
    if (allowed === wanted.length) return wanted;
    return wanted
      .toSorted((a, b) => this.#queueOf(a.key).declaredAtMs - this.#queueOf(b.key).declaredAtMs)
      .slice(0, allowed);
  }

  async #declare(vhost: string, refs: readonly QueueRef[], signal: AbortSignal): Promise<string | undefined> {
    const reader = await this.#readerOf(vhost);
    if (reader === undefined) return `more than ${maxVhosts} vhosts, ${vhost} is not read`;
    const names = refs.map(({ name }) => name);
    const { answers, problem } = await reader.declare(names, signal);
    for (const ref of refs) this.#note(ref, answers.get(ref.name));
    return problem === undefined ? undefined : `vhost ${vhost}: ${problem}`;
  }

  #note({ key, name, vhost }: QueueRef, answer: Declaration | undefined): void {
    const queue = this.#queueOf(key);
    const nowMs = this.#options.nowMs();
    queue.declaredAtMs = nowMs;
    queue.declared = answer?.kind === "known" ? answer : undefined;
    if (answer === undefined || answer.kind === "known") {
      queue.absent = undefined;
      return;
    }
    const times = (queue.absent?.times ?? 0) + 1;
    if (times === 1) this.#epochs.end(key);
    const retryAtMs = nowMs + Math.min(maxMissingRetryMs, missingRetryMs * 2 ** Math.min(times - 1, 10));
    const what = answer.kind === "missing" ? "does not exist" : `cannot be read: ${answer.because}`;
    queue.absent = { problem: `queue ${name} in vhost ${vhost} ${what}`, times, retryAtMs };
  }

  #blockOf({ key, vhost, name }: QueueRef): BrokerBlock | undefined {
    const { declared, absent } = this.#queueOf(key);
    const managed = this.#poller?.latest(vhost, name);
    if (absent !== undefined) return undefined;
    const epoch = this.#epochs.of(key, managed);
    return mergeBlock({ declared, managed }, { epoch, nowMs: this.#options.nowMs() });
  }

  /** The problems of queues that are not there, the first few by name. */
  #absences(refs: readonly QueueRef[]): readonly string[] {
    const named = 5;
    const problems = refs.flatMap(({ key }) => this.#queueOf(key).absent?.problem ?? []);
    const more = problems.length - named;
    return more > 0 ? [...problems.slice(0, named), `and ${more} more`] : problems;
  }

  #queueOf(key: string): Queue {
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const queue: Queue = { askedAtMs: 0, declaredAtMs: 0, declared: undefined, absent: undefined };
    this.#queues.set(key, queue);
    return queue;
  }

  async #readerOf(vhost: string): Promise<PassiveReader | undefined> {
    const known = this.#vhosts.get(vhost);
    const askedAtMs = this.#options.nowMs();
    if (known !== undefined) {
      known.askedAtMs = askedAtMs;
      return known.reader;
    }
    if (this.#vhosts.size >= maxVhosts) return undefined;
    const { logger, nowMs } = this.#options;
    const reader = new PassiveReader({ url: vhostUrl(this.#options.url, vhost), logger, nowMs });
    this.#vhosts.set(vhost, { reader, askedAtMs });
    await reader.start();
    return reader;
  }

  async #forget(): Promise<void> {
    const beforeMs = this.#options.nowMs() - forgetAfterMs;
    for (const [key, { askedAtMs }] of this.#queues) {
      if (askedAtMs >= beforeMs) continue;
      this.#queues.delete(key);
      this.#epochs.forget(key);
    }
    for (const [vhost, { reader, askedAtMs }] of this.#vhosts) {
      if (askedAtMs >= beforeMs) continue;
      this.#vhosts.delete(vhost);
      this.#poller?.forget(vhost);
      await reader.stop();
    }
  }
}

const vhostUrl = (url: string, vhost: string): string => {
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(vhost)}`;
  return address.href;
};

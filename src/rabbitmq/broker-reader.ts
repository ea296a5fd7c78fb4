import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { BrokerBlock, PatternMatch, QueuePattern, QueueRef } from "../operator/ports.ts";
import { explainAmqpFailure, isVhostRefused } from "./amqp-failure.ts";
import { type BrokerAccess, createBrokerAccess } from "./broker-access.ts";
import { ManagementError } from "./errors.ts";
import { createManagementApi } from "./management-api.ts";
import { ManagementPoller } from "./management-poller.ts";
import { type Managed, mergeBlock } from "./merge-block.ts";
import { oldestAgeSeconds } from "./oldest-age.ts";
import type { BrokerOptions } from "./options.ts";
import { createPatternMatcher, type PatternMatcher } from "./pattern-matcher.ts";
import { createEpochs, type Epochs } from "./queue-counters.ts";
import { QueueTable } from "./queue-table.ts";
import { VhostReader } from "./vhost-reader.ts";

export type BrokerReaderOptions = {
  readonly broker: BrokerOptions;
  readonly managementPeriodMs: number;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** What is known of one broker's queues. */
export type BrokerRead = {
  readonly queues: ReadonlyMap<string, BrokerBlock>;
  /** How long the first message has waited, by queue, where that is known. */
  readonly oldestAgeSeconds: ReadonlyMap<string, number>;
  /** Why a queue is unknown, by its key. */
  readonly unknown: ReadonlyMap<string, string>;
  /** Why the broker cannot be read, one sentence each. A queue that it does not have, or does not tell of, is no such problem. */
  readonly problems: readonly string[];
};

/** Connections of one broker: one for each vhost. */
const maxVhosts = 64;
/** A vhost that nobody asked about for so long is forgotten. */
const forgetAfterMs = 60_000;
/** Older than any that a healthy broker gives. */
const oldSeconds = 20;

/** All that is read of one broker. */
export class BrokerReader implements Service {
  readonly #options: BrokerReaderOptions;
  readonly #access: BrokerAccess;
  readonly #poller: ManagementPoller | undefined;
  readonly #table: QueueTable;
  readonly #epochs: Epochs;
  readonly #matcher: PatternMatcher;
  readonly #vhosts = new Map<string, VhostReader>();
  #running = false;

  constructor(options: BrokerReaderOptions) {
    const { broker, logger, nowMs } = options;
    this.#options = options;
    this.#access = createBrokerAccess(broker, nowMs);
    this.#table = new QueueTable(broker.maxDeclaresPerSecond ?? 1_000, nowMs);
    this.#epochs = createEpochs(String(nowMs()));
    this.#matcher = createPatternMatcher(nowMs);
    const statisticsIntervalMs = (broker.statisticsIntervalSeconds ?? 5) * 1_000;
    if (broker.managementUrl !== undefined) {
      const api = createManagementApi({ ...broker, url: broker.managementUrl, statisticsIntervalMs, nowMs });
      const periodMs = options.managementPeriodMs;
      this.#poller = new ManagementPoller({ api, periodMs, statisticsIntervalMs, logger, nowMs });
    }
  }

  async start(): Promise<void> {
    this.#running = true;
    await this.#poller?.start();
  }

  async stop(): Promise<void> {
    this.#running = false;
    const readers = [...this.#vhosts.values()].map((reader) => reader.stop());
    this.#vhosts.clear();
    await Promise.all([...readers, this.#poller?.stop()]);
  }

  /** Never rejects. A vhost that hangs delays no other one for longer than a moment. */
  async read(refs: readonly QueueRef[], signal: AbortSignal): Promise<BrokerRead> {
    const unknown = new Map<string, string>();
    const queues = new Map<string, BrokerBlock>();
    const oldest = new Map<string, number>();
    if (!this.#running) {
      const why = "the broker source is not running";
      return {
        queues,
        oldestAgeSeconds: oldest,
        unknown: new Map(refs.map(({ key }) => [key, why])),
        problems: [why],
      };
    }
    await this.#forget();
    const due = Map.groupBy(this.#table.due(refs), ({ vhost }) => vhost);
    const vhosts = [...new Set(refs.map(({ vhost }) => vhost))];
    await Promise.all(
      vhosts.map(async (vhost) => {
        const reader = await this.#readerOf(vhost);
        await reader?.read(due.get(vhost) ?? [], signal);
      }),
    );
    for (const ref of refs) {
      const block = this.#blockOf(ref);
      if (block !== undefined) queues.set(ref.key, block);
      const age = block && this.#oldestAge(ref, block);
      if (age !== undefined) oldest.set(ref.key, age);
      const why = block === undefined ? this.#whyUnknown(ref) : this.#whyOld(ref, block);
      if (why !== undefined) unknown.set(ref.key, why);
    }
    return { queues, oldestAgeSeconds: oldest, unknown, problems: this.#problemsOf(vhosts) };
  }

  match({ vhost, pattern }: QueuePattern): PatternMatch {
    const { name } = this.#options.broker;
    if (this.#poller === undefined)
      return {
        kind: "unknown",
        because: `pattern ${pattern} needs the list of queues, and broker ${name} has no managementUrl: add it to the brokers file, or name the queues`,
      };
    const list = this.#poller.list(vhost);
    if (list instanceof ManagementError)
      return { kind: "unknown", because: `pattern ${pattern}: ${this.#explain(list, vhost)}` };
    if (list === undefined)
      return {
        kind: "unknown",
        because: `pattern ${pattern}: the queues of vhost ${vhost} are not listed yet`,
      };
    return this.#matcher.match(pattern, list.names);
  }

  /** Asks for them from now on, for as long as it is called. */
  holders() {
    const holders = this.#poller?.holders();
    if (holders === undefined) return undefined;
    const ageSeconds = Math.max(0, this.#options.nowMs() - holders.atMs) / 1_000;
    return { ageSeconds, unackedByAddress: holders.unackedByAddress };
  }

  #managedOf({ vhost, name }: QueueRef): Managed | undefined {
    const list = this.#poller?.list(vhost);
    return list === undefined || list instanceof ManagementError ? undefined : list.queues.get(name);
  }

  #oldestAge(ref: QueueRef, { ready }: BrokerBlock): number | undefined {
    const managed = this.#managedOf(ref);
    return managed && oldestAgeSeconds(managed, { ready, nowMs: this.#options.nowMs() });
  }

  #blockOf(ref: QueueRef): BrokerBlock | undefined {
    const { key } = ref;
    const managed = this.#managedOf(ref);
    if (this.#table.absence(key) !== undefined) return undefined;
    const epoch = this.#epochs.of(key, managed);
    const declared = this.#table.declared(key);
    return mergeBlock({ declared, managed }, { epoch, nowMs: this.#options.nowMs() });
  }

  #whyUnknown({ key, vhost, name }: QueueRef): string {
    const broker = this.#options.broker.name;
    const absence = this.#table.absence(key);
    if (absence?.kind === "missing")
      return `queue ${name} in vhost ${vhost} does not exist on broker ${broker}: create it, or correct its name`;
    if (absence?.kind === "refused")
      return `queue ${name} in vhost ${vhost} cannot be read on broker ${broker}: ${absence.because}; it may be exclusive to another connection`;
    return (
      this.#problemOf(vhost) ?? `queue ${name} in vhost ${vhost} of broker ${broker} was not asked for yet`
    );
  }

  /** Statistics of the management API that nobody renews will count as unknown soon. */
  #whyOld({ vhost }: QueueRef, { ageSeconds }: BrokerBlock): string | undefined {
    return ageSeconds > oldSeconds ? this.#problemOf(vhost) : undefined;
  }

  /** A vhost that the broker refuses is its autoscalers' own mistake, as long as another one is read. */
  #problemsOf(vhosts: readonly string[]): readonly string[] {
    const isRead = vhosts.some((vhost) => this.#problemOf(vhost) === undefined);
    const problems = vhosts
      .filter((vhost) => !(isRead && this.#isRefused(vhost)))
      .flatMap((vhost) => [this.#problemOf(vhost), this.#managementProblem(vhost)]);
    return [...new Set(problems.filter((problem) => problem !== undefined))];
  }

  #isRefused(vhost: string): boolean {
    const reader = this.#vhosts.get(vhost);
    return reader === undefined || (reader.problem instanceof Error && isVhostRefused(reader.problem));
  }

  #problemOf(vhost: string): string | undefined {
    const broker = this.#options.broker.name;
    const reader = this.#vhosts.get(vhost);
    if (reader === undefined)
      return `vhost ${vhost} of broker ${broker} is not read, as more than ${maxVhosts} vhosts are asked for: use fewer`;
    const { problem } = reader;
    if (problem === undefined) return undefined;
    const { address, origin } = this.#access;
    if (problem === "silent")
      return `broker ${broker} at ${address} did not answer in time (vhost ${vhost}): check its health and the network`;
    if (this.#poller?.failure(vhost)?.code === "vhost-missing")
      return `vhost ${vhost} does not exist on broker ${broker}: create it, or correct its name`;
    return explainAmqpFailure(problem, { broker, vhost, address, origin });
  }

  #managementProblem(vhost: string): string | undefined {
    const failure = this.#poller?.failure(vhost);
    return failure && this.#explain(failure, vhost);
  }

  #explain({ message }: ManagementError, vhost: string): string {
    const { name, managementUrl = "" } = this.#options.broker;
    return `the management API of broker ${name} at ${new URL(managementUrl).host} (vhost ${vhost}): ${message}`;
  }

  async #readerOf(vhost: string): Promise<VhostReader | undefined> {
    const { broker, logger, nowMs } = this.#options;
    const known = this.#vhosts.get(vhost);
    if (known !== undefined) {
      known.askedAtMs = nowMs();
      return known;
    }
    if (this.#vhosts.size >= maxVhosts) return undefined;
    const reader = new VhostReader({
      url: vhostUrl(broker.amqpUrl, vhost),
      access: this.#access,
      table: this.#table,
      onGone: (key) => this.#epochs.end(key),
      logger,
      nowMs,
    });
    reader.askedAtMs = nowMs();
    this.#vhosts.set(vhost, reader);
    await reader.start();
    return reader;
  }

  async #forget(): Promise<void> {
    for (const key of this.#table.forget()) this.#epochs.forget(key);
    const beforeMs = this.#options.nowMs() - forgetAfterMs;
    for (const [vhost, reader] of this.#vhosts) {
      if (reader.askedAtMs >= beforeMs) continue;
      this.#vhosts.delete(vhost);
      await reader.stop();
    }
  }
}

const vhostUrl = (url: string, vhost: string): string => {
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(vhost)}`;
  return address.href;
};

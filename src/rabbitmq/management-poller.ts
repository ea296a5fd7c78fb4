import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import { ManagementError } from "./errors.ts";
import type { ManagementApi } from "./management-api.ts";
import type { Managed } from "./merge-block.ts";

export type ManagementPollerOptions = {
  readonly api: ManagementApi;
  /** From one poll's begin to the next one's, at least. */
  readonly periodMs: number;
  /** How old the broker's statistics may be when they are told. */
  readonly statisticsIntervalMs: number;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** The queues of one vhost by the last good list. */
export type VhostList = {
  readonly queues: ReadonlyMap<string, Managed>;
  /** Names of this list, and where it came in several pages of the last one too, as a queue may slip between two pages. */
  readonly names: readonly string[];
};
export type Holders = { readonly atMs: number; readonly unackedByAddress: ReadonlyMap<string, number> };

/** What is known of one thing that is polled. */
type Polled<T> = { askedAtMs: number; last: T | undefined; failure: ManagementError | undefined };

/** A poll takes at most a tenth of the time, whatever the broker's speed. */
const latencyShare = 10;
const pollDeadlineMs = 10_000;
const maxVhosts = 64;
const forgetVhostAfterMs = 60_000;
/** Holders that nobody wanted for so long are polled no more. */
const forgetHoldersAfterMs = 15_000;

/** Polls the management API for what somebody asks about: never two polls at a time, and the slower the rarer. */
export class ManagementPoller implements Service {
  readonly #options: ManagementPollerOptions;
  readonly #vhosts = new Map<string, Polled<VhostList>>();
  #holders: Polled<Holders> | undefined;
  #stop: AbortController | undefined;
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ManagementPollerOptions) {
    this.#options = options;
  }

  /** Why the last poll of the vhost failed, or else that of the holders; undefined when neither did. */
  failure(vhost: string): ManagementError | undefined {
    return this.#vhosts.get(vhost)?.failure ?? this.#holders?.failure;
  }

  /** The last good list of the vhost's queues, or why there never was one. The first question about a vhost begins its polls. */
  list(vhost: string): VhostList | ManagementError | undefined {
    const polled = this.#vhosts.get(vhost) ?? this.#begin(vhost);
    if (polled === undefined)
      return new ManagementError("too-much", `more than ${maxVhosts} vhosts are asked for`);
    polled.askedAtMs = this.#options.nowMs();
    return polled.failure?.code === "vhost-missing" ? polled.failure : (polled.last ?? polled.failure);
  }

  /** The last good answer. The first question begins the polls, and a pause of questions ends them. */
  holders(): Holders | undefined {
    const askedAtMs = this.#options.nowMs();
    if (this.#holders === undefined) {
      this.#holders = { askedAtMs, last: undefined, failure: undefined };
      this.#wake.abort();
    }
    this.#holders.askedAtMs = askedAtMs;
    return this.#holders.last;
  }

  async start(): Promise<void> {
    if (this.#stop !== undefined) return;
    this.#stop = new AbortController();
    this.#loop = this.#run(this.#stop.signal);
    await Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stop?.abort();
    await this.#loop;
    await this.#options.api.close();
  }

  #begin(vhost: string): Polled<VhostList> | undefined {
    if (this.#vhosts.size >= maxVhosts) return undefined;
    const polled = { askedAtMs: 0, last: undefined, failure: undefined };
    this.#vhosts.set(vhost, polled);
    this.#wake.abort();
    return polled;
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { periodMs, nowMs } = this.#options;
    while (!stop.aborted) {
      this.#wake = new AbortController();
      const beganMs = nowMs();
      this.#forget();
      for (const [vhost, polled] of this.#vhosts)
        await this.#poll(polled, (signal) => this.#listOf(vhost, signal), stop);
      if (this.#holders !== undefined)
        await this.#poll(this.#holders, (signal) => this.#holdersNow(signal), stop);
      const tookMs = Math.max(0, nowMs() - beganMs);
      const restMs = Math.max(periodMs, latencyShare * tookMs) - tookMs;
      const woken = AbortSignal.any([stop, this.#wake.signal]);
      await delay(restMs, undefined, { signal: woken }).catch(() => {}); // stopped, or a new question
    }
  }

  #forget(): void {
    const nowMs = this.#options.nowMs();
    for (const [vhost, { askedAtMs }] of this.#vhosts)
      if (nowMs - askedAtMs > forgetVhostAfterMs) this.#vhosts.delete(vhost);
    const quietMs = this.#holders === undefined ? 0 : nowMs - this.#holders.askedAtMs;
    if (quietMs > Math.max(forgetHoldersAfterMs, 3 * this.#options.periodMs)) this.#holders = undefined;
  }

  async #listOf(vhost: string, signal: AbortSignal): Promise<VhostList> {
    const { queues, isWhole } = await this.#options.api.queuesOf(vhost, signal);
    const before = isWhole ? [] : (this.#vhosts.get(vhost)?.last?.queues.keys() ?? []);
    return { queues, names: [...new Set([...queues.keys(), ...before])] };
  }

  async #holdersNow(signal: AbortSignal): Promise<Holders> {
    const atMs = this.#options.nowMs() - this.#options.statisticsIntervalMs;
    return { atMs, unackedByAddress: await this.#options.api.unackedByAddress(signal) };
  }

  async #poll<T>(
    polled: Polled<T>,
    ask: (signal: AbortSignal) => Promise<T>,
    stop: AbortSignal,
  ): Promise<void> {
    try {
      polled.last = await ask(AbortSignal.any([stop, AbortSignal.timeout(pollDeadlineMs)]));
      polled.failure = undefined;
    } catch (error) {
      if (stop.aborted) return;
      polled.failure =
        error instanceof ManagementError
          ? error
          : new ManagementError("failing", String(error), { cause: error });
      this.#options.logger.debug({ err: error }, "management API poll failed");
    }
  }
}

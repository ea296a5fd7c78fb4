import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { ManagementApi } from "./management-api.ts";
import type { Managed } from "./merge-block.ts";

export type ManagementPollerOptions = {
  readonly api: ManagementApi;
  /** From one poll's begin to the next one's, at least. */
  readonly periodMs: number;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** A poll takes at most a tenth of the time, whatever the broker's speed. */
const latencyShare = 10;
const pollDeadlineMs = 10_000;

/** Polls the management API for the vhosts that somebody asks about: never two at a time, and the slower the rarer. */
export class ManagementPoller implements Service {
  readonly #options: ManagementPollerOptions;
  readonly #vhosts = new Map<string, ReadonlyMap<string, Managed>>();
  #problem: string | undefined;
  #stop: AbortController | undefined;
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ManagementPollerOptions) {
    this.#options = options;
  }

  /** Why the last poll failed; undefined when it did not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** What the last good poll said of the queue. The first question about a vhost begins its polls. */
  latest(vhost: string, queue: string): Managed | undefined {
    if (!this.#vhosts.has(vhost)) {
      this.#vhosts.set(vhost, new Map());
      this.#wake.abort();
    }
    return this.#vhosts.get(vhost)?.get(queue);
  }

  forget(vhost: string): void {
    this.#vhosts.delete(vhost);
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
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { periodMs, nowMs } = this.#options;
    while (!stop.aborted) {
      this.#wake = new AbortController();
      const beganMs = nowMs();
      for (const vhost of this.#vhosts.keys()) await this.#poll(vhost, stop);
      const tookMs = Math.max(0, nowMs() - beganMs);
      const restMs = Math.max(periodMs, latencyShare * tookMs) - tookMs;
      const woken = AbortSignal.any([stop, this.#wake.signal]);
      await delay(restMs, undefined, { signal: woken }).catch(() => {}); // stopped, or a new vhost
    }
  }

  async #poll(vhost: string, stop: AbortSignal): Promise<void> {
    const { api, logger } = this.#options;
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(pollDeadlineMs)]);
      const queues = await api.queuesOf(vhost, signal);
      if (this.#vhosts.has(vhost)) this.#vhosts.set(vhost, queues);
      this.#problem = undefined;
    } catch (error) {
      if (stop.aborted) return;
      this.#problem = `the management API gives no answer: ${rootOf(error)}`;
      logger.debug({ vhost, err: error }, "management API poll failed");
    }
  }
}

/** `fetch failed` says nothing; what stands behind it does. */
const rootOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};

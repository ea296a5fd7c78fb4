import { setTimeout as delay } from "node:timers/promises";
import { Consumer, type Delivery } from "../../kit/src/amqp/consumer.ts";
import type { LinkOptions } from "../../kit/src/amqp/link.ts";
import { assertDeadLetters, assertStateQueue, type Topology } from "../../kit/src/amqp/topology.ts";
import { decodeStateMessage, type JobEvent } from "../../kit/src/job/job-event.ts";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { JobStore } from "./ports.ts";

export type StateConsumerDeps = {
  readonly store: Pick<JobStore, "applyEvents">;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly link: LinkOptions;
  readonly topology: Topology;
};

/** Deliveries held unsettled, and so the largest batch. */
const PREFETCH = 500;
/** After a batch that could not be written; the deliveries are held meanwhile, and the queue keeps the rest. */
const RETRY_MS = 500;
const PAUSE_TIMEOUT_MS = 2_000;

type Held = { readonly delivery: Delivery; readonly event: JobEvent };

/**
 * Writes what the workers and the broker tell on the state queue into the job rows, many events a transaction, and
 * acknowledges after the commit. Several gateways may consume the queue at once: the order of events is their own.
 */
export class StateConsumer implements Service {
  readonly #deps: StateConsumerDeps;
  readonly #consumer: Consumer;
  #held: Held[] = [];
  #writing: Promise<void> | undefined;
  #stopping = new AbortController();

  constructor(deps: StateConsumerDeps) {
    this.#deps = deps;
    const { link, topology } = deps;
    this.#consumer = new Consumer({
      link,
      setUp: async (channel) => {
        await assertDeadLetters(channel, topology);
        await assertStateQueue(channel, topology);
      },
      subscriptions: [
        { queue: topology.stateQueue, prefetch: PREFETCH, onDelivery: (delivery) => this.#take(delivery) },
      ],
    });
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    await this.#consumer.start();
  }

  /** Resolves once the queue is consumed; the broker may be away for long after start. */
  ready(signal?: AbortSignal): Promise<void> {
    return this.#consumer.ready(signal);
  }

  async stop(): Promise<void> {
    // Asks the broker, who may be silent; whatever still arrives is then left to another gateway.
    await Promise.race([this.#consumer.pause(), delay(PAUSE_TIMEOUT_MS, undefined, { ref: false })]);
    this.#stopping.abort();
    await this.#writing;
    await this.#consumer.stop();
  }

  #take(delivery: Delivery): void {
    const { metrics, log, nowMs } = this.#deps;
    const event = decodeStateMessage(delivery.properties, delivery.body.toString("utf8"), nowMs());
    if (event === undefined) {
      metrics.stateEvents.inc({ outcome: "unreadable" });
      log.warn({ messageId: delivery.properties.messageId }, "dropped a message that is no event");
      delivery.ack();
      return;
    }
    this.#held.push({ delivery, event });
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /**
   * While one batch is written the next one gathers. What could not be written is held and written again: given back
   * to the queue again and again, it would meet the delivery limit that newer brokers have by default.
   */
  async #writeAll(): Promise<void> {
    const { signal } = this.#stopping;
    await new Promise((resolve) => setImmediate(resolve)); // what the socket read at once goes together
    while (this.#held.length > 0) {
      const batch = this.#held.filter(({ delivery }) => !delivery.lost.aborted);
      this.#held = [];
      if (batch.length === 0 || (await this.#write(batch))) continue;
      if (signal.aborted) return;
      this.#held = [...batch, ...this.#held];
      await delay(RETRY_MS, undefined, { signal }).catch(() => {}); // rejects when stopped: one last try follows
    }
  }

  async #write(batch: readonly Held[]): Promise<boolean> {
    try {
      await this.#deps.store.applyEvents(batch.map(({ event }) => event));
    } catch (error) {
      this.#deps.log.warn({ err: error, events: batch.length }, "could not write events, will try again");
      return false;
    }
    for (const { delivery } of batch) delivery.ack();
    this.#deps.metrics.stateEvents.inc({ outcome: "applied" }, batch.length);
    return true;
  }
}

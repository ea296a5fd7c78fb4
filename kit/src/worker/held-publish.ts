import { setTimeout as delay } from "node:timers/promises";
import { backoffMs, type BackoffRange } from "../amqp/backoff.ts";
import type { OutgoingMessage, Publisher, PublishOutcome } from "../amqp/publisher.ts";
import type { Logger } from "../logger.ts";

export type HeldPublishOptions = {
  readonly publisher: Publisher;
  readonly logger: Logger;
  /** In [0, 1) */
  readonly random: () => number;
  /** Aborted when no more can be waited. */
  readonly stop: AbortSignal;
  /** The number of publishes held now became 1, or 0. */
  readonly onHolding: (holding: boolean) => void;
};

const RETRY: BackoffRange = { minMs: 50, maxMs: 5_000 };

/**
 * Publishes what must be confirmed before a delivery may be acked, however long that takes: the job stays unacked
 * meanwhile, and the worker takes no new ones.
 */
export class HeldPublish {
  readonly #options: HeldPublishOptions;
  #held = 0;

  constructor(options: HeldPublishOptions) {
    this.#options = options;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * The last outcome: confirmed, or any other once `giveUp` agrees or the worker stops.
   *
   * @param giveUp asked after each try that was not confirmed
   */
  async publish(
    message: OutgoingMessage,
    giveUp: (outcome: PublishOutcome, heldMs: number) => boolean,
  ): Promise<PublishOutcome> {
    const first = await this.#options.publisher.publish(message);
    if (first.kind === "confirmed" || this.#options.stop.aborted) return first;
    this.#hold(1, first, message);
    try {
      return await this.#untilConfirmed(message, first, giveUp);
    } finally {
      this.#hold(-1, first, message);
    }
  }

  async #untilConfirmed(
    message: OutgoingMessage,
    first: PublishOutcome,
    giveUp: (outcome: PublishOutcome, heldMs: number) => boolean,
  ): Promise<PublishOutcome> {
    const { publisher, stop, random } = this.#options;
    const sinceMs = performance.now();
    let outcome = first;
    for (let tries = 1; outcome.kind !== "confirmed"; tries += 1) {
      if (stop.aborted || giveUp(outcome, performance.now() - sinceMs)) return outcome;
      await delay(backoffMs(RETRY, tries, random()), undefined, { signal: stop }).catch(() => {}); // aborted: once more
      outcome = await publisher.publish(message);
    }
    return outcome;
  }

  #hold(change: 1 | -1, because: PublishOutcome, { routingKey, exchange }: OutgoingMessage): void {
    this.#held += change;
    if (this.#held === 1 && change === 1) {
      this.#options.logger.warn(
        { because: because.kind, exchange, routingKey },
        "cannot publish, holding finished jobs and taking no new ones",
      );
      this.#options.onHolding(true);
    } else if (this.#held === 0) {
      this.#options.logger.info({}, "publishing works again");
      this.#options.onHolding(false);
    }
  }
}

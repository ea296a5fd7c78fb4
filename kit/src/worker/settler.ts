import type { Delivery } from "../amqp/consumer.ts";
import type { PublishOutcome, Publisher } from "../amqp/publisher.ts";
import type { Topology } from "../amqp/topology.ts";
import type { Envelope } from "../job/envelope.ts";
import type { JobError } from "../job/job-error.ts";
import type { JobEvent, JobEventKind } from "../job/job-event.ts";
import type { Settlement } from "../job/settlement.ts";
import type { Logger } from "../logger.ts";
import type { Claim } from "./claim.ts";
import type { HeldPublish } from "./held-publish.ts";
import { copyMessage, deadLetterMessage, eventMessage } from "./messages.ts";
import type { WorkerObserver } from "./worker-observer.ts";

export type SettlerOptions = {
  readonly publisher: Publisher;
  readonly held: HeldPublish;
  readonly topology: Topology;
  /** This worker's name. */
  readonly worker: string;
  readonly logger: Logger;
  readonly observer: WorkerObserver;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** An event queue that does not exist is waited for so long: its gateway may be declaring it anew. */
const MISSING_STATE_QUEUE_MS = 30_000;
/** A requeue near the delivery limit tries so long to go by a fresh copy instead. */
const REPUBLISH_DEADLINE_MS = 2_000;

/**
 * Does what was decided about a delivery. Whatever must outlive the delivery (a retry's copy, a dead letter, the event
 * of success) is confirmed by the broker before the ack; when that fails the delivery goes back to its queue.
 */
export class Settler {
  readonly #options: SettlerOptions;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /**
   * True when the job is done with here, even if the ack was lost: what had to outlive the delivery is confirmed.
   * False when the delivery went back to its queue.
   */
  settle(claim: Claim, settlement: Settlement): boolean | Promise<boolean> {
    const { observer } = this.#options;
    const isTold = claim.envelope.replyTo !== undefined || observer.beforeAck !== undefined;
    if (settlement.kind !== "ack" || isTold) return this.#settleLater(claim, settlement);
    const done = claim.delivery.ack();
    observer.settled?.(claim.job, settlement, done);
    return true;
  }

  async #settleLater(claim: Claim, settlement: Settlement): Promise<boolean> {
    const { observer, logger } = this.#options;
    if (settlement.kind === "requeue") {
      this.tell(claim.envelope, "interrupted", {});
      const back = await this.#requeue(claim);
      observer.settled?.(claim.job, settlement, back);
      return false;
    }
    const kept = await this.#keep(claim, settlement);
    if (!kept) {
      claim.delivery.requeue();
      observer.settled?.(claim.job, settlement, false);
      return false;
    }
    try {
      await observer.beforeAck?.(claim.job, settlement);
    } catch (error) {
      logger.error({ error, job: claim.job }, "the observer threw before an ack");
    }
    const done = claim.delivery.ack(); // on a line of its own: an absent observer's arguments are not evaluated
    observer.settled?.(claim.job, settlement, done);
    return true;
  }

  /** Dead-letters what no handler can run. */
  async reject(
    queue: string,
    delivery: Delivery,
    envelope: Envelope | undefined,
    error: JobError,
  ): Promise<void> {
    const outcome = await this.#publishDead(
      queue,
      { envelope, foreign: delivery.properties, body: delivery.body },
      error,
    );
    if (outcome.kind === "confirmed") delivery.ack();
    else delivery.requeue();
  }

  /** Tells an event that may get lost: nothing waits for it. Told only where the submitter wants events. */
  tell(envelope: Envelope, kind: JobEventKind, more: { readonly error?: JobError }): void {
    if (envelope.replyTo === undefined) return;
    const message = eventMessage(envelope.replyTo, this.#event(envelope, kind, more));
    this.#options.publisher.publish(message).catch((error: unknown) => {
      this.#options.logger.warn({ error, id: envelope.id, kind }, "an event could not be written");
    });
  }

  /** Publishes what must outlive the delivery. True once the broker has it. */
  async #keep(claim: Claim, settlement: Exclude<Settlement, { kind: "requeue" }>): Promise<boolean> {
    const { topology, held } = this.#options;
    const { envelope, queue, delivery } = claim;
    if (settlement.kind === "ack") return this.#tellSucceeded(envelope, settlement.result);
    if (settlement.kind === "dead-letter") {
      const dead = { envelope, foreign: delivery.properties, body: delivery.body };
      return (await this.#publishDead(queue, dead, settlement.error)).kind === "confirmed";
    }
    const next = { ...envelope, attempt: settlement.attempt };
    const exchange = topology.delayExchangeOf(settlement.stepMs);
    const outcome = await held.publish(copyMessage(exchange, queue, next, delivery.body), this.#declareAgain);
    if (outcome.kind === "confirmed") {
      this.tell(envelope, settlement.counted ? "failed" : "snoozed", { error: settlement.error });
    }
    return outcome.kind === "confirmed";
  }

  async #tellSucceeded(envelope: Envelope, result: unknown): Promise<boolean> {
    const { held, logger } = this.#options;
    if (envelope.replyTo === undefined) return true;
    const event = this.#event(envelope, "succeeded", result === undefined ? {} : { result });
    const giveUp = (outcome: PublishOutcome, heldMs: number): boolean =>
      outcome.kind === "returned" && heldMs > MISSING_STATE_QUEUE_MS;
    const outcome = await held.publish(eventMessage(envelope.replyTo, event), giveUp);
    if (outcome.kind !== "returned") return outcome.kind === "confirmed";
    // The job has succeeded: to run it again for want of someone to tell would be worse.
    logger.error(
      { id: envelope.id, replyTo: envelope.replyTo },
      "nobody to tell of a success, the queue does not exist",
    );
    return true;
  }

  #publishDead(
    queue: string,
    job: Parameters<typeof deadLetterMessage>[2],
    error: JobError,
  ): Promise<PublishOutcome> {
    const { topology, worker, now, held } = this.#options;
    const message = deadLetterMessage(topology.deadExchange, queue, job, { error, worker, atMs: now() });
    return held.publish(message, this.#declareAgain);
  }

  /** Our own exchange or queue is gone: the link's set-up declares it. Never gives up. */
  readonly #declareAgain = (outcome: PublishOutcome): boolean => {
    if (outcome.kind === "returned") this.#options.publisher.renew("a queue of the topology is missing");
    return false;
  };

  /** Each requeue counts against the delivery limit: near it a fresh copy, whose count is 0, goes in its place. */
  async #requeue({ delivery, envelope, queue }: Claim): Promise<boolean> {
    const { publisher, topology } = this.#options;
    const isNearLimit =
      delivery.deliveryCount !== undefined && delivery.deliveryCount + 1 >= topology.deliveryLimit;
    if (isNearLimit && !delivery.lost.aborted) {
      const copy = copyMessage("", queue, envelope, delivery.body);
      const outcome = await publisher.publish(copy, { deadlineMs: REPUBLISH_DEADLINE_MS });
      if (outcome.kind === "confirmed") return delivery.ack();
    }
    return delivery.requeue();
  }

  #event(
    { id, type, run, attempt }: Envelope,
    kind: JobEventKind,
    more: { readonly error?: JobError; readonly result?: unknown },
  ): JobEvent {
    const { worker, now } = this.#options;
    return { id, type, run, attempt, kind, atMs: now(), worker, ...more };
  }
}

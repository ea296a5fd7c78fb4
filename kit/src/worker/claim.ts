import type { Delivery } from "../amqp/consumer.ts";
import type { Job } from "../job/define-job.ts";
import type { Envelope } from "../job/envelope.ts";
import { Interruption } from "./interruption.ts";

/** One job that this worker has taken, from its delivery to its settlement. */
export class Claim {
  readonly envelope: Envelope;
  readonly queue: string;
  readonly job: Job;
  readonly interruption = new Interruption();
  #delivery: Delivery;

  constructor(queue: string, envelope: Envelope, delivery: Delivery) {
    const { id, type, run, attempt, traceparent } = envelope;
    this.queue = queue;
    this.envelope = envelope;
    this.job =
      traceparent === undefined ? { id, type, run, attempt } : { id, type, run, attempt, traceparent };
    this.#delivery = delivery;
  }

  get delivery(): Delivery {
    return this.#delivery;
  }

  /** Takes the broker's new delivery in the place of one that was lost with its channel; false when none was lost. */
  adopt(delivery: Delivery): boolean {
    if (!this.#delivery.lost.aborted) return false;
    this.#delivery = delivery;
    return true;
  }
}

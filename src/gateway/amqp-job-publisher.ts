import type { PublishOutcome as AmqpOutcome, Publisher } from "../../kit/src/amqp/publisher.ts";
import type { Topology } from "../../kit/src/amqp/topology.ts";
import { encodeEnvelope } from "../../kit/src/job/envelope.ts";
import type { JobPublisher, PublishOutcome, UnpublishedJob } from "./ports.ts";

/**
 * Publishes jobs to the queues of their types, asking for their events on the state queue. One try each: a caller
 * that gets no confirm is told so, and the sweeper tries again with the same id.
 */
export class AmqpJobPublisher implements JobPublisher {
  readonly #publisher: Publisher;
  readonly #topology: Topology;

  constructor(publisher: Publisher, topology: Topology) {
    this.#publisher = publisher;
    this.#topology = topology;
  }

  state(): "open" | "away" | "blocked" {
    const { state } = this.#publisher;
    if (state === "ready") return "open";
    return state === "blocked" ? "blocked" : "away";
  }

  async publish(job: UnpublishedJob): Promise<PublishOutcome> {
    const outcome = await this.#publisher.publish({
      exchange: "",
      routingKey: this.#topology.queueOf(job.type),
      body: Buffer.from(job.payload),
      properties: encodeEnvelope({
        id: job.id,
        type: job.type,
        run: 1,
        attempt: 1,
        enqueuedAtMs: job.submittedAtMs,
        eligibleAtMs: job.submittedAtMs,
        traceparent: job.traceparent,
        replyTo: this.#topology.stateQueue,
      }),
    });
    return outcomeOf(outcome);
  }
}

const OUTCOMES = {
  confirmed: "confirmed",
  nacked: "full",
  returned: "unroutable",
  unknown: "unknown",
} as const satisfies Readonly<Record<Exclude<AmqpOutcome["kind"], "unavailable">, PublishOutcome>>;

function outcomeOf(outcome: AmqpOutcome): PublishOutcome {
  if (outcome.kind !== "unavailable") return OUTCOMES[outcome.kind];
  // Overloaded: too many publishes wait already. The advice to the client is the same as while it is blocked.
  return outcome.because === "away" ? "away" : "blocked";
}

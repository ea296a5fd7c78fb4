import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { problemsOfAmqpUrl } from "../amqp/amqp-url.ts";
import { createPublisher, type PublishOutcome } from "../amqp/publisher.ts";
import { assertDeadLetters, assertJobQueue, type TopologyOptions, topologyOf } from "../amqp/topology.ts";
import { ConfigError } from "../config-error.ts";
import { type JobContract, type JobType, schemaError } from "../job/define-job.ts";
import { encodeEnvelope } from "../job/envelope.ts";
import { uuidV7 } from "../job/uuid-v7.ts";
import { type Logger, silentLogger } from "../logger.ts";
import type { Service } from "../service.ts";
import { SubmitError } from "./submit-error.ts";

export type ClientOptions = {
  /** `amqp://user:password@host:port/vhost` */
  readonly amqpUrl: string;
  /** What is submitted: their queues are declared, so that jobs may come before the first worker. */
  readonly jobs: readonly JobType[];
  /** As the workers have it. */
  readonly topology?: TopologyOptions;
  readonly logger?: Logger;
};

export type SubmitOptions = {
  /** Default: a new UUIDv7. The same id again is the same job. */
  readonly id?: string;
  /** How long to try while the broker is away or does not answer, 0 to 600. Default 10. */
  readonly deadlineSeconds?: number;
  /** Queue for the job's events. Default none are told. */
  readonly replyTo?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
};

/** Submits jobs straight to the broker. */
export type Client = Service & {
  /**
   * Resolves once the broker has the job for sure.
   *
   * @throws SubmitError
   */
  submit<P extends z.ZodType>(
    job: JobContract<P>,
    payload: z.input<P>,
    options?: SubmitOptions,
  ): Promise<{ readonly id: string }>;
};

/** @throws ConfigError naming the options that are wrong */
export function createClient(options: ClientOptions): Client {
  const problems = problemsOfAmqpUrl("amqpUrl", options.amqpUrl);
  if (problems.length > 0) throw new ConfigError(problems);
  const topology = topologyOf(options.topology);
  const publisher = createPublisher({
    link: { url: options.amqpUrl, role: "client", logger: options.logger ?? silentLogger },
    setUp: async (channel) => {
      await assertDeadLetters(channel, topology);
      for (const { type } of options.jobs) await assertJobQueue(channel, topology, type);
    },
  });
  return {
    start: () => publisher.start(),
    async stop() {
      await publisher.stop();
    },
    async submit(job, payload, submitOptions = {}) {
      const parsed = job.payload.safeParse(payload);
      if (!parsed.success) {
        throw new SubmitError("payload-invalid", schemaError("payload-invalid", parsed.error).message);
      }
      const nowMs = Date.now();
      const {
        id = uuidV7(nowMs, randomBytes(10)),
        deadlineSeconds = 10,
        replyTo,
        traceparent,
      } = submitOptions;
      const deadlineMs = Math.min(600, Math.max(0, deadlineSeconds)) * 1_000;
      const outcome = await publisher.publish(
        {
          exchange: "",
          routingKey: topology.queueOf(job.type),
          body: Buffer.from(JSON.stringify(payload)), // as given: only the worker applies transforms
          properties: encodeEnvelope({
            id,
            type: job.type,
            run: 1,
            attempt: 1,
            enqueuedAtMs: nowMs,
            eligibleAtMs: nowMs,
            traceparent,
            replyTo,
          }),
        },
        { deadlineMs },
      );
      if (outcome.kind === "confirmed") return { id };
      throw submitErrorOf(outcome, id);
    },
  };
}

function submitErrorOf(outcome: Exclude<PublishOutcome, { kind: "confirmed" }>, id: string): SubmitError {
  if (outcome.kind === "nacked") return new SubmitError("queue-full", "the queue is full", { id });
  if (outcome.kind === "returned") return new SubmitError("unroutable", "the job type has no queue", { id });
  if (outcome.kind === "unknown") return new SubmitError("outcome-unknown", outcome.because, { id });
  return new SubmitError("unavailable", `the broker is ${outcome.because}`, { id });
}

import type { OutgoingMessage } from "../amqp/publisher.ts";
import { deadLetterHeaders, encodeEnvelope, type Envelope } from "../job/envelope.ts";
import type { JobError } from "../job/job-error.ts";
import { encodeEvent, EVENT_MESSAGE_TYPE, eventMessageId, type JobEvent } from "../job/job-event.ts";

/** An event for the queue that the job's submitter named. */
export function eventMessage(replyTo: string, event: JobEvent): OutgoingMessage {
  return {
    exchange: "",
    routingKey: replyTo,
    body: Buffer.from(encodeEvent(event)),
    properties: {
      messageId: eventMessageId(event),
      type: EVENT_MESSAGE_TYPE,
      contentType: "application/json",
      timestamp: Math.floor(event.atMs / 1_000),
    },
  };
}

/** The job again, to be delivered to its queue: at once through the default exchange, or after a delay step. */
export function copyMessage(
  exchange: string,
  queue: string,
  envelope: Envelope,
  body: Buffer,
): OutgoingMessage {
  return { exchange, routingKey: queue, body, properties: encodeEnvelope(envelope) };
}

/** What a message that is not a job of ours keeps when it is dead-lettered. */
export type ForeignProperties = { readonly messageId?: unknown; readonly type?: unknown };

/** The job with why it is dead. The queue's name stays as routing key, so that a redrive knows where it belongs. */
export function deadLetterMessage(
  exchange: string,
  queue: string,
  job: {
    readonly envelope: Envelope | undefined;
    readonly foreign: ForeignProperties;
    readonly body: Buffer;
  },
  death: { readonly error: JobError; readonly worker: string; readonly atMs: number },
): OutgoingMessage {
  const { envelope, foreign, body } = job;
  const headers = { ...deadLetterHeaders(death.error, death.worker, death.atMs), "x-queue": queue };
  if (envelope !== undefined) {
    const encoded = encodeEnvelope(envelope);
    return {
      exchange,
      routingKey: queue,
      body,
      properties: { ...encoded, headers: { ...encoded.headers, ...headers } },
    };
  }
  const { messageId, type } = foreign;
  return {
    exchange,
    routingKey: queue,
    body,
    properties: {
      messageId: typeof messageId === "string" ? messageId : "",
      ...(typeof type === "string" ? { type } : {}),
      headers,
    },
  };
}

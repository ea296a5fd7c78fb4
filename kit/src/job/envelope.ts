import type { JobError } from "./job-error.ts";

/** The first message of a job and every later copy of it carry this; the body is the payload as submitted. */
export type Envelope = {
  /** UUIDv7; the same in every copy. */
  readonly id: string;
  readonly type: string;
  /** From 1; a redrive increments it. */
  readonly run: number;
  /** From 1 in each run; interruptions do not count. */
  readonly attempt: number;
  /** First publish, milliseconds since 1970; undefined when the publisher did not say. */
  readonly enqueuedAtMs: number | undefined;
  /** When the job's wait began: the same, or `runAt`. */
  readonly eligibleAtMs: number | undefined;
  /** W3C trace context of the submitter. */
  readonly traceparent: string | undefined;
  /** Queue for the job's events; undefined when nobody wants them. */
  readonly replyTo: string | undefined;
};

/** Properties of AMQP 0-9-1 that a message of ours carries. */
export type MessageProperties = {
  readonly messageId: string;
  readonly type: string;
  readonly contentType: "application/json";
  readonly deliveryMode: 2;
  /** Seconds since 1970. */
  readonly timestamp?: number;
  readonly replyTo?: string;
  readonly headers: Readonly<Record<string, string | number>>;
};

/** What a received message may carry: anyone can publish anything. */
export type ReceivedProperties = {
  readonly messageId?: unknown;
  readonly type?: unknown;
  readonly timestamp?: unknown;
  readonly replyTo?: unknown;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
};

export function encodeEnvelope(envelope: Envelope): MessageProperties {
  const { enqueuedAtMs, eligibleAtMs, traceparent, replyTo } = envelope;
  return {
    messageId: envelope.id,
    type: envelope.type,
    contentType: "application/json",
    deliveryMode: 2,
    ...(enqueuedAtMs === undefined ? {} : { timestamp: Math.floor(enqueuedAtMs / 1_000) }),
    ...(replyTo === undefined ? {} : { replyTo }),
    headers: {
      ...(enqueuedAtMs === undefined ? {} : { "x-enqueued-at-ms": enqueuedAtMs }),
      ...(eligibleAtMs === undefined ? {} : { "x-eligible-at-ms": eligibleAtMs }),
      "x-run": envelope.run,
      "x-attempt": envelope.attempt,
      ...(traceparent === undefined ? {} : { traceparent }),
    },
  };
}

export type DecodedEnvelope =
  | { readonly kind: "envelope"; readonly envelope: Envelope }
  | { readonly kind: "invalid"; readonly reason: string };

/** Reads the envelope of any publisher: id and type are needed, a missing run or attempt is 1, a missing time unknown. */
export function decodeEnvelope(properties: ReceivedProperties): DecodedEnvelope {
  const { messageId, type, replyTo } = properties;
  const headers = properties.headers ?? {};
  if (typeof messageId !== "string" || messageId === "")
    return { kind: "invalid", reason: "messageId: missing" };
  if (typeof type !== "string" || type === "") return { kind: "invalid", reason: "type: missing" };
  const run = countOf(headers["x-run"]);
  const attempt = countOf(headers["x-attempt"]);
  if (run === undefined) return { kind: "invalid", reason: "x-run: expected a whole number from 1" };
  if (attempt === undefined) return { kind: "invalid", reason: "x-attempt: expected a whole number from 1" };
  const enqueuedAtMs = timeOf(headers["x-enqueued-at-ms"]);
  const traceparent = headers["traceparent"];
  return {
    kind: "envelope",
    envelope: {
      id: messageId,
      type,
      run,
      attempt,
      enqueuedAtMs,
      eligibleAtMs: timeOf(headers["x-eligible-at-ms"]) ?? enqueuedAtMs,
      traceparent: typeof traceparent === "string" ? traceparent : undefined,
      replyTo: typeof replyTo === "string" && replyTo !== "" ? replyTo : undefined,
    },
  };
}

/** Headers that a worker adds to what it publishes to the dead letters. */
export function deadLetterHeaders(
  error: JobError,
  worker: string,
  atMs: number,
): Record<string, string | number> {
  return {
    "x-error-code": error.code,
    "x-error-message": error.message,
    ...(error.stack === undefined ? {} : { "x-error-stack": error.stack }),
    "x-worker": worker,
    "x-dead-at-ms": atMs,
  };
}

function countOf(value: unknown): number | undefined {
  if (value === undefined) return 1;
  return typeof value === "number" && Number.isInteger(value) && value >= 1 ? value : undefined;
}

function timeOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

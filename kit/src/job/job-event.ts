import { decodeEnvelope, type ReceivedProperties } from "./envelope.ts";
import type { JobError } from "./job-error.ts";

/**
 * What happened to a job, as told on the queue `jobs.state`.
 * - started: a handler began
 * - interrupted: it was stopped through no fault of the job; the attempt will be run again
 * - snoozed: the handler asked to be run later; the attempt will be run again
 * - failed: the attempt failed, another one follows
 * - dead_lettered: no further attempt follows in this run
 * - succeeded: done; absorbs whatever else comes in the same run
 */
export type JobEventKind = "started" | "interrupted" | "snoozed" | "failed" | "dead_lettered" | "succeeded";

export type JobEvent = {
  /** The job's id. */
  readonly id: string;
  readonly type: string;
  readonly run: number;
  /** The attempt that it happened to. */
  readonly attempt: number;
  readonly kind: JobEventKind;
  /** Milliseconds since 1970, by the clock of who tells it. */
  readonly atMs: number;
  /** With interrupted, snoozed, failed and dead_lettered. */
  readonly error?: JobError;
  /** With succeeded: JSON; absent when the handler returned nothing. */
  readonly result?: unknown;
  /** The worker that ran it; absent where the broker dead-lettered. */
  readonly worker?: string;
};

/** Within one attempt a higher rank wins; equal ranks are ordered by time. */
export const RANK: Readonly<Record<JobEventKind, number>> = {
  started: 1,
  interrupted: 1,
  snoozed: 1,
  failed: 2,
  dead_lettered: 3,
  succeeded: 4,
};

/** The `type` property of an event's message; a job's message has the job type there. */
export const EVENT_MESSAGE_TYPE = "millrace.job-event";

/** Names the event for the publisher's correlation; the same event told twice has the same name. */
export function eventMessageId(event: JobEvent): string {
  return `${event.id}:${event.run}:${event.attempt}:${event.kind}:${event.atMs}`;
}

export function encodeEvent(event: JobEvent): string {
  return JSON.stringify(event);
}

/**
 * Reads one message of the state queue: an event of a worker, or a job that was dead-lettered by a worker or by the
 * broker (delivery limit), which arrives as it is through the dead-letter exchange. Undefined when it is neither.
 *
 * @param receivedAtMs stands in for the time that the broker does not tell
 */
export function decodeStateMessage(
  properties: ReceivedProperties,
  body: string,
  receivedAtMs: number,
): JobEvent | undefined {
  if (properties.type === EVENT_MESSAGE_TYPE) return parseEvent(body);
  const decoded = decodeEnvelope(properties);
  if (decoded.kind === "invalid") return undefined;
  const { id, type, run, attempt } = decoded.envelope;
  const headers = properties.headers ?? {};
  const deadAtMs = headers["x-dead-at-ms"];
  const worker = headers["x-worker"];
  return {
    id,
    type,
    run,
    attempt,
    kind: "dead_lettered",
    atMs: typeof deadAtMs === "number" ? deadAtMs : receivedAtMs,
    error: deadLetterError(headers),
    ...(typeof worker === "string" ? { worker } : {}),
  };
}

/** Why a dead letter is one: the worker's own words, else the broker's reason. */
export function deadLetterError(headers: Readonly<Record<string, unknown>>): JobError {
  const { "x-error-code": code, "x-error-message": message, "x-error-stack": stack } = headers;
  if (typeof code === "string") {
    return {
      code,
      message: typeof message === "string" ? message : "",
      ...(typeof stack === "string" ? { stack } : {}),
    };
  }
  const reason = headers["x-first-death-reason"];
  if (reason === "delivery_limit" || reason === undefined) {
    return {
      code: "delivery-limit",
      message: "the broker gave up: the job was delivered as often as its queue allows and never settled",
    };
  }
  return {
    code: "dead-lettered-by-broker",
    message: `the broker dead-lettered the job: ${typeof reason === "string" ? reason : "unknown"}`,
  };
}

function parseEvent(body: string): JobEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined; // not an event: anyone may publish to the queue
  }
  return isEvent(value) ? value : undefined;
}

function isEvent(value: unknown): value is JobEvent {
  if (!isRecord(value)) return false;
  const { id, type, kind, run, attempt, atMs } = value;
  return (
    [id, type, kind].every((text) => typeof text === "string") &&
    Object.hasOwn(RANK, String(kind)) &&
    [run, attempt].every((count) => Number.isInteger(count) && Number(count) >= 1) &&
    Number.isFinite(atMs)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

import { type JobError, toJobError } from "./job-error.ts";

/** Thrown by a handler: no further attempt can help. The job goes to the dead letters at once. */
export class DeadLetter extends Error {
  override readonly name = "DeadLetter";
  readonly code = "millrace-dead-letter";
}

/** Thrown by a handler: this attempt failed, and the next one should wait at least so long (to the next delay step). */
export class RetryAfter extends Error {
  override readonly name = "RetryAfter";
  readonly code = "millrace-retry-after";
  readonly seconds: number;

  constructor(seconds: number, message = `retry after ${seconds} s`, options?: ErrorOptions) {
    super(message, options);
    this.seconds = seconds;
  }
}

/** Thrown by a handler: nothing failed, it is too early. The job returns after at least so long and keeps its attempt. */
export class Snooze extends Error {
  override readonly name = "Snooze";
  readonly code = "millrace-snooze";
  readonly seconds: number;

  constructor(seconds: number, message = `snoozed for ${seconds} s`, options?: ErrorOptions) {
    super(message, options);
    this.seconds = seconds;
  }
}

/** Why a handler's signal was aborted; it is the signal's `reason`. */
export type AbortReason = "timeout" | "draining";

/**
 * How one run of a handler ended.
 * - succeeded: it returned, and the result fits the contract
 * - failed: it threw; `minDelayMs` is what RetryAfter asked for
 * - snoozed: it asked to be run later; not an attempt
 * - dead: no further attempt can help
 * - interrupted: stopped through no fault of the job; not an attempt
 */
export type Outcome =
  | { readonly kind: "succeeded"; readonly result: unknown }
  | { readonly kind: "failed"; readonly error: JobError; readonly minDelayMs?: number }
  | { readonly kind: "snoozed"; readonly error: JobError; readonly minDelayMs: number }
  | { readonly kind: "dead"; readonly error: JobError }
  | { readonly kind: "interrupted" };

/**
 * The outcome of a handler that threw. Known errors are told by their code, as two copies of this package may be
 * installed. Whatever is thrown after the abort for draining is an interruption; after a time-out, a failure.
 */
export function outcomeOfThrown(thrown: unknown, aborted: AbortReason | undefined): Outcome {
  const code = codeOf(thrown);
  if (code === "millrace-dead-letter") return { kind: "dead", error: toJobError(thrown) };
  if (aborted === "draining") return { kind: "interrupted" };
  const error = aborted === "timeout" ? { ...toJobError(thrown), code: "timeout" } : toJobError(thrown);
  const minDelayMs = delayOf(thrown);
  if (code === "millrace-snooze" && minDelayMs !== undefined) return { kind: "snoozed", error, minDelayMs };
  if (code === "millrace-retry-after" && minDelayMs !== undefined)
    return { kind: "failed", error, minDelayMs };
  return { kind: "failed", error };
}

function codeOf(thrown: unknown): unknown {
  return typeof thrown === "object" && thrown !== null && "code" in thrown ? thrown.code : undefined;
}

function delayOf(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null || !("seconds" in thrown)) return undefined;
  const { seconds } = thrown;
  return typeof seconds === "number" && Number.isFinite(seconds) ? Math.max(0, seconds) * 1_000 : undefined;
}

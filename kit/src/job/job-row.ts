import type { JobError } from "./job-error.ts";
import type { EventPosition } from "./apply.ts";

/**
 * - queued: accepted, interrupted or snoozed; will be run
 * - running: a handler has it
 * - retrying: an attempt failed, the next one waits in a delay step
 * - succeeded, dead_lettered: settled, unless a redrive starts the next run
 */
export type JobStatus = "queued" | "running" | "retrying" | "succeeded" | "dead_lettered";

/** What is known of a job from its events. The store adds what only the gateway knows (owner, payload, publish times). */
export type JobRow = {
  readonly id: string;
  readonly type: string;
  readonly status: JobStatus;
  /** Of the event that made this row; the row changes only for a later one. */
  readonly position: EventPosition;
  readonly error?: JobError;
  readonly result?: unknown;
  readonly worker?: string;
};

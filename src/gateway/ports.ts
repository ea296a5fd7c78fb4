import type { JobError } from "../../kit/src/job/job-error.ts";
import type { JobEvent } from "../../kit/src/job/job-event.ts";
import type { JobRow } from "../../kit/src/job/job-row.ts";

/** As told by the job's events, or `rejected`: the broker refused the job, it never runs, and no event changes that. */
export type StoredStatus = JobRow["status"] | "rejected";

export const STORED_STATUSES: readonly StoredStatus[] = [
  "queued",
  "running",
  "retrying",
  "succeeded",
  "dead_lettered",
  "rejected",
];

/** A key of the submitter: within one subject and job type it stands for one input. */
export type IdempotencyKey = {
  readonly key: string;
  /** Of the canonical input: the same key with another hash is a conflict. */
  readonly inputHash: string;
};

/** A job that has not been published yet. Times are milliseconds since 1970. */
export type NewJob = {
  /** UUIDv7. */
  readonly id: string;
  readonly type: string;
  /** Who submitted it; one constant until there is authentication. */
  readonly subject: string;
  /** JSON as submitted, forwarded as it is. */
  readonly payload: string;
  readonly traceparent: string | undefined;
  readonly submittedAtMs: number;
  readonly idempotency: IdempotencyKey | undefined;
};

/** A row as read. Times are milliseconds since 1970; undefined means it has not happened. */
export type StoredJob = {
  readonly id: string;
  readonly type: string;
  readonly status: StoredStatus;
  readonly run: number;
  /** Attempts begun in this run; 0 before the first event. */
  readonly attempt: number;
  readonly submittedAtMs: number;
  /** When the broker confirmed, or when the first event proved that it has the job. */
  readonly publishedAtMs: number | undefined;
  /** Of the last event, by its teller's clock. */
  readonly lastEventAtMs: number | undefined;
  readonly worker: string | undefined;
  readonly error: JobError | undefined;
  readonly result: unknown;
};

/**
 * - inserted: the row is committed, unpublished, leased to the caller
 * - replayed: the key is known with this input; `id` is the first job's, nothing was written
 * - conflict: the key is known with another input; nothing was written
 */
export type InsertOutcome =
  | { readonly kind: "inserted" }
  | { readonly kind: "replayed"; readonly id: string }
  | { readonly kind: "conflict"; readonly id: string };

/** A row whose confirm is outstanding, leased to the caller for republishing. */
export type UnpublishedJob = Pick<NewJob, "id" | "type" | "payload" | "traceparent" | "submittedAtMs">;

/** The store is away, slow beyond its bound, or failed: whether a write happened is unknown. `cause` has the reason. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
  readonly code = "store-unavailable";
}

/** Job rows; a row is its own outbox. Every method rejects with StoreUnavailableError when it cannot answer. */
export interface JobStore {
  insert(job: NewJob): Promise<InsertOutcome>;
  /** The broker has the job. Safe to repeat; a rejected or settled row keeps its status. */
  markPublished(id: string): Promise<void>;
  /** The broker refused the job. Frees the idempotency key; a row that is published or has events stays as it is. */
  reject(id: string): Promise<void>;
  find(id: string): Promise<StoredJob | undefined>;
  /**
   * Resolves after the commit. Equals kit's `apply` for each row, in any order and with repeats; any event also
   * marks its row published. Events of unknown and of rejected rows change nothing.
   */
  applyEvents(events: readonly JobEvent[]): Promise<void>;
  /** Up to `limit` unpublished rows whose lease ran out, oldest lease first, now leased for `leaseMs`. No two callers get one row. */
  leaseUnpublished(limit: number, leaseMs: number): Promise<readonly UnpublishedJob[]>;
  /** All statuses, those without rows at 0. */
  countByStatus(): Promise<Readonly<Record<StoredStatus, number>>>;
  /** The status of each id that has a row. Any number of ids. */
  statusesOf(ids: readonly string[]): Promise<ReadonlyMap<string, StoredStatus>>;
}

/**
 * - confirmed: a quorum of the broker has the job
 * - full: refused for good, the queue is at its max-length
 * - unroutable: refused for good, no queue of this type exists
 * - away, blocked: nothing was sent
 * - unknown: sent, and neither confirmed nor refused by the deadline or before the link broke
 */
export type PublishOutcome = "confirmed" | "full" | "unroutable" | "away" | "blocked" | "unknown";

/** Publishes persistent, mandatory, to a durable queue, with the job's id as message id. Never rejects. */
export interface JobPublisher {
  /** What would come of a publish now, as far as is known without sending. */
  state(): "open" | "away" | "blocked";
  publish(job: UnpublishedJob): Promise<PublishOutcome>;
}

import type { Pool } from "pg";
import type { JobEvent } from "../../kit/src/job/job-event.ts";
import {
  type InsertOutcome,
  type JobStore,
  type NewJob,
  STORED_STATUSES,
  type StoredJob,
  type StoredStatus,
  type UnpublishedJob,
} from "../gateway/ports.ts";
import { eventColumns, isJobId, isStorable, lastEvents } from "./event-columns.ts";
import { GroupCommit, type GroupCommitOptions } from "./group-commit.ts";
import { insertJobs } from "./insert-jobs.ts";
import {
  APPLY_EVENTS,
  COUNT_BY_STATUS,
  FIND_JOB,
  FIND_STATUSES,
  LEASE_UNPUBLISHED,
  MARK_PUBLISHED,
  REJECT_JOBS,
} from "./job-statements.ts";
import { answering, repeatingDeadlocks } from "./postgres-failures.ts";
import { type JobRecord, storedJob, toStatus } from "./stored-job.ts";

export type PostgresJobStoreOptions = {
  /** How long a new row belongs to the gateway that inserted it; longer than its confirm deadline. */
  readonly leaseMs: number;
};

/** Two flushes run at once, so that one may wait for the disk while the next is filled and sent. */
const INSERTS: GroupCommitOptions = { maxBatchCount: 500, maxFlushCount: 2, maxPendingCount: 10_000 };
/** One at a time: marks are not waited for by callers, and larger batches cost less. */
const MARKS: GroupCommitOptions = { maxBatchCount: 1_000, maxFlushCount: 1, maxPendingCount: 20_000 };
/** Ids in one query. */
const STATUS_CHUNK_COUNT = 10_000;

/** Job rows on Postgres. The pool is the caller's; its schema was brought up to date by `migrate`. */
export class PostgresJobStore implements JobStore {
  readonly #pool: Pool;
  readonly #inserts: GroupCommit<NewJob, InsertOutcome>;
  readonly #marks: GroupCommit<string, void>;
  readonly #rejections: GroupCommit<string, void>;

  constructor(pool: Pool, options: PostgresJobStoreOptions) {
    this.#pool = pool;
    this.#inserts = new GroupCommit((jobs) => insertJobs(pool, jobs, options.leaseMs), INSERTS);
    this.#marks = new GroupCommit((ids) => this.#updateAll(MARK_PUBLISHED, ids), MARKS);
    this.#rejections = new GroupCommit((ids) => this.#updateAll(REJECT_JOBS, ids), MARKS);
  }

  insert(job: NewJob): Promise<InsertOutcome> {
    return answering(() => this.#inserts.add(job));
  }

  markPublished(id: string): Promise<void> {
    return answering(() => this.#marks.add(id));
  }

  reject(id: string): Promise<void> {
    return answering(() => this.#rejections.add(id));
  }

  async find(id: string): Promise<StoredJob | undefined> {
    if (!isJobId(id)) return undefined;
    const { rows } = await answering(() => this.#pool.query<JobRecord>({ ...FIND_JOB, values: [id] }));
    const [record] = rows;
    return record === undefined ? undefined : storedJob(record);
  }

  async applyEvents(events: readonly JobEvent[]): Promise<void> {
    const last = lastEvents(events.filter(isStorable));
    if (last.length === 0) return;
    const values = eventColumns(last);
    await answering(() =>
      repeatingDeadlocks(() => this.#pool.query({ ...APPLY_EVENTS, values: [...values] })),
    );
  }

  async leaseUnpublished(limit: number, leaseMs: number): Promise<readonly UnpublishedJob[]> {
    type Leased = Pick<JobRecord, "id" | "type" | "submitted_at"> & {
      readonly payload: string;
      readonly traceparent: string | null;
    };
    const { rows } = await answering(() =>
      this.#pool.query<Leased>({ ...LEASE_UNPUBLISHED, values: [limit, leaseMs] }),
    );
    return rows.map((row) => ({
      id: row.id,
      type: row.type,
      payload: row.payload,
      traceparent: row.traceparent ?? undefined,
      submittedAtMs: row.submitted_at.getTime(),
    }));
  }

  async countByStatus(): Promise<Readonly<Record<StoredStatus, number>>> {
    type Count = { readonly status: string; readonly count: number };
    const { rows } = await answering(() => this.#pool.query<Count>(COUNT_BY_STATUS));
    const counts = new Map(rows.map(({ status, count }) => [status, count]));
    const entries = STORED_STATUSES.map((status) => [status, counts.get(status) ?? 0] as const);
    return Object.fromEntries(entries) as Record<StoredStatus, number>;
  }

  async statusesOf(ids: readonly string[]): Promise<ReadonlyMap<string, StoredStatus>> {
    const statuses = new Map<string, StoredStatus>();
    const wanted = ids.filter(isJobId);
    for (let from = 0; from < wanted.length; from += STATUS_CHUNK_COUNT) {
      const chunk = wanted.slice(from, from + STATUS_CHUNK_COUNT);
      type Status = { readonly id: string; readonly status: string };
      const { rows } = await answering(() => this.#pool.query<Status>({ ...FIND_STATUSES, values: [chunk] }));
      for (const row of rows) statuses.set(row.id, toStatus(row.status));
    }
    return statuses;
  }

  /** Resolves once every write asked for so far has ended, well or badly. */
  async idle(): Promise<void> {
    await Promise.all([this.#inserts.idle(), this.#marks.idle(), this.#rejections.idle()]);
  }

  async #updateAll(
    statement: typeof MARK_PUBLISHED | typeof REJECT_JOBS,
    ids: readonly string[],
  ): Promise<readonly void[]> {
    const sorted = [...ids].sort();
    await repeatingDeadlocks(() => this.#pool.query({ ...statement, values: [sorted] }));
    return ids.map(() => undefined);
  }
}

import { apply, newJobRow } from "../../kit/src/job/apply.ts";
import type { JobEvent } from "../../kit/src/job/job-event.ts";
import type { JobRow } from "../../kit/src/job/job-row.ts";
import {
  type InsertOutcome,
  type JobStore,
  type NewJob,
  STORED_STATUSES,
  type StoredJob,
  type StoredStatus,
  type UnpublishedJob,
} from "../gateway/ports.ts";
import { isStorable } from "./event-columns.ts";

type Entry = {
  readonly job: NewJob;
  row: JobRow;
  rejected: boolean;
  publishedAtMs: number | undefined;
  leaseUntilMs: number;
};

/**
 * Job rows in memory, for tests and for measuring what the rows cost. It loses everything with its process, so that
 * it must never stand behind an accepted job.
 */
export class MemoryJobStore implements JobStore {
  readonly #entries = new Map<string, Entry>();
  readonly #ids = new Map<string, string>();
  readonly #options: { readonly leaseMs: number; readonly nowMs: () => number };

  constructor(options: { readonly leaseMs: number; readonly nowMs: () => number }) {
    this.#options = options;
  }

  async insert(job: NewJob): Promise<InsertOutcome> {
    const key = keyOf(job);
    const known = key === undefined ? undefined : this.#entries.get(this.#ids.get(key) ?? "");
    if (known !== undefined) {
      const same = known.job.idempotency?.inputHash === job.idempotency?.inputHash;
      return { kind: same ? "replayed" : "conflict", id: known.job.id };
    }
    if (key !== undefined) this.#ids.set(key, job.id);
    this.#entries.set(job.id, {
      job,
      row: newJobRow(job.id, job.type),
      rejected: false,
      publishedAtMs: undefined,
      leaseUntilMs: this.#options.nowMs() + this.#options.leaseMs,
    });
    return { kind: "inserted" };
  }

  async markPublished(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry !== undefined && !entry.rejected) entry.publishedAtMs ??= this.#options.nowMs();
  }

  async reject(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.publishedAtMs !== undefined) return;
    entry.rejected = true;
    const key = keyOf(entry.job);
    if (key !== undefined && this.#ids.get(key) === id) this.#ids.delete(key);
  }

  async find(id: string): Promise<StoredJob | undefined> {
    const entry = this.#entries.get(id.toLowerCase());
    if (entry === undefined) return undefined;
    const { job, row } = entry;
    return {
      id: job.id,
      type: job.type,
      status: statusOf(entry),
      run: row.position.run,
      attempt: row.position.attempt,
      submittedAtMs: job.submittedAtMs,
      publishedAtMs: entry.publishedAtMs,
      lastEventAtMs: row.position.attempt === 0 ? undefined : row.position.atMs,
      worker: row.worker,
      error: row.error,
      result: row.result,
    };
  }

  async applyEvents(events: readonly JobEvent[]): Promise<void> {
    for (const event of events.filter(isStorable)) {
      const entry = this.#entries.get(event.id.toLowerCase());
      if (entry === undefined || entry.rejected) continue;
      entry.row = apply(entry.row, event);
      entry.publishedAtMs ??= this.#options.nowMs();
    }
  }

  async leaseUnpublished(limit: number, leaseMs: number): Promise<readonly UnpublishedJob[]> {
    const nowMs = this.#options.nowMs();
    const due = [...this.#entries.values()]
      .filter((entry) => !entry.rejected && entry.publishedAtMs === undefined && entry.leaseUntilMs < nowMs)
      .sort((left, right) => left.leaseUntilMs - right.leaseUntilMs)
      .slice(0, limit);
    for (const entry of due) entry.leaseUntilMs = nowMs + leaseMs;
    return due.map(({ job: { id, type, payload, traceparent, submittedAtMs } }) => ({
      id,
      type,
      payload,
      traceparent,
      submittedAtMs,
    }));
  }

  async countByStatus(): Promise<Readonly<Record<StoredStatus, number>>> {
    const entries = STORED_STATUSES.map((status) => [status, 0] as const);
    const counts = Object.fromEntries(entries) as Record<StoredStatus, number>;
    for (const entry of this.#entries.values()) counts[statusOf(entry)] += 1;
    return counts;
  }

  async statusesOf(ids: readonly string[]): Promise<ReadonlyMap<string, StoredStatus>> {
    const statuses = new Map<string, StoredStatus>();
    for (const id of ids) {
      const entry = this.#entries.get(id.toLowerCase());
      if (entry !== undefined) statuses.set(entry.job.id, statusOf(entry));
    }
    return statuses;
  }
}

function statusOf(entry: Entry): StoredStatus {
  return entry.rejected ? "rejected" : entry.row.status;
}

function keyOf(job: NewJob): string | undefined {
  return job.idempotency === undefined ? undefined : `${job.subject}\n${job.type}\n${job.idempotency.key}`;
}

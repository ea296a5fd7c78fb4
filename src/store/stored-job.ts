import type { JobError } from "../../kit/src/job/job-error.ts";
import { STORED_STATUSES, type StoredJob, type StoredStatus } from "../gateway/ports.ts";

/** The columns of a row that the gateway shows. */
export type JobRecord = {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly run: number;
  readonly attempt: number;
  readonly at_ms: number;
  readonly submitted_at: Date;
  readonly published_at: Date | null;
  readonly worker: string | null;
  readonly error: string | null;
  readonly result: string | null;
};

export function storedJob(record: JobRecord): StoredJob {
  return {
    id: record.id,
    type: record.type,
    status: toStatus(record.status),
    run: record.run,
    attempt: record.attempt,
    submittedAtMs: record.submitted_at.getTime(),
    publishedAtMs: record.published_at?.getTime(),
    lastEventAtMs: record.attempt === 0 ? undefined : record.at_ms,
    worker: record.worker ?? undefined,
    // Written by eventColumns from an event that was read as one.
    error: record.error === null ? undefined : (JSON.parse(record.error) as JobError),
    result: record.result === null ? undefined : JSON.parse(record.result),
  };
}

export function toStatus(text: string): StoredStatus {
  const status = STORED_STATUSES.find((known) => known === text);
  if (status === undefined) throw new Error(`a job row has the unknown status ${JSON.stringify(text)}`);
  return status;
}

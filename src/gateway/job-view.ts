import type { StoredJob, StoredStatus } from "./ports.ts";

export type JobLinks = { readonly self: string };

export function linksOf(id: string): JobLinks {
  return { self: `/v1/jobs/${id}` };
}

/** A job row as the API answers it. Times are ISO 8601 in UTC; what has not happened is absent. */
export type JobView = {
  readonly id: string;
  readonly type: string;
  readonly status: StoredStatus;
  readonly run: number;
  readonly attempt: number;
  readonly submittedAt: string;
  readonly publishedAt?: string;
  readonly lastEventAt?: string;
  readonly worker?: string;
  readonly error?: StoredJob["error"];
  readonly result?: unknown;
  readonly links: JobLinks;
};

export function jobView(job: StoredJob): JobView {
  const { id, type, status, run, attempt, publishedAtMs, lastEventAtMs, worker, error, result } = job;
  return {
    id,
    type,
    status,
    run,
    attempt,
    submittedAt: isoTime(job.submittedAtMs),
    ...(publishedAtMs === undefined ? {} : { publishedAt: isoTime(publishedAtMs) }),
    ...(lastEventAtMs === undefined ? {} : { lastEventAt: isoTime(lastEventAtMs) }),
    ...(worker === undefined ? {} : { worker }),
    ...(error === undefined ? {} : { error }),
    ...(result === undefined ? {} : { result }),
    links: linksOf(id),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

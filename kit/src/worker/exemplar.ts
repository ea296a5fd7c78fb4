import type { Job } from "../job/define-job.ts";

export type MeasuredJob = Pick<Job, "id" | "traceparent">;

/** One observation of a histogram. */
export type Observation = {
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly job: MeasuredJob;
};

/** As prom-client writes it into OpenMetrics. */
export type Exemplar = {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
};

/** Of all names and values together; Prometheus drops what is longer. */
const MAX_CHARACTERS = 128;
const TRACE_ID = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;

/**
 * By which a figure leads to a job that made it: `job_id`, and `trace_id` of its W3C trace context where it has one.
 * Undefined where neither is short enough, as anyone may publish any id.
 */
export function exemplarOf({ value, atMs, job }: Observation): Exemplar | undefined {
  const [, traceId] = TRACE_ID.exec(job.traceparent ?? "") ?? [];
  const trace = traceId === undefined ? {} : { trace_id: traceId };
  const labelSet = [{ job_id: job.id, ...trace }, trace].find(
    (labels) => charactersOf(labels) <= MAX_CHARACTERS,
  );
  return labelSet === undefined || Object.keys(labelSet).length === 0
    ? undefined
    : { labelSet, value, timestamp: atMs / 1_000 };
}

const charactersOf = (labels: Readonly<Record<string, string>>): number =>
  Array.from(Object.entries(labels).flat().join("")).length;

import { type JobEvent, type JobEventKind, RANK } from "./job-event.ts";
import type { JobRow, JobStatus } from "./job-row.ts";

/**
 * Where an event stands among the events of its job, compared part by part in this order. A store keeps the parts as
 * columns and compares them as one row value (`tie` by code point: COLLATE "C").
 */
export type EventPosition = {
  readonly run: number;
  /** 1 for succeeded, which absorbs all else of its run; 0 for the others. */
  readonly absorbing: 0 | 1;
  readonly attempt: number;
  readonly rank: number;
  readonly atMs: number;
  /** Decides between events of one millisecond. ASCII as long as workers' names are. */
  readonly tie: string;
};

/** Before any event. */
export const ORIGIN: EventPosition = { run: 1, absorbing: 0, attempt: 0, rank: 0, atMs: 0, tie: "" };

export function newJobRow(id: string, type: string): JobRow {
  return { id, type, status: "queued", position: ORIGIN };
}

export function positionOf(event: JobEvent): EventPosition {
  return {
    run: event.run,
    absorbing: event.kind === "succeeded" ? 1 : 0,
    attempt: event.attempt,
    rank: RANK[event.kind],
    atMs: event.atMs,
    tie: `${event.kind}:${event.worker ?? ""}`,
  };
}

/** Negative, 0 or positive, as for sorting. */
export function comparePositions(left: EventPosition, right: EventPosition): number {
  return (
    left.run - right.run ||
    left.absorbing - right.absorbing ||
    left.attempt - right.attempt ||
    left.rank - right.rank ||
    left.atMs - right.atMs ||
    (left.tie === right.tie ? 0 : left.tie < right.tie ? -1 : 1)
  );
}

const STATUS_AFTER: Readonly<Record<JobEventKind, JobStatus>> = {
  started: "running",
  interrupted: "queued",
  snoozed: "queued",
  failed: "retrying",
  dead_lettered: "dead_lettered",
  succeeded: "succeeded",
};

export function statusAfter(kind: JobEventKind): JobStatus {
  return STATUS_AFTER[kind];
}

/**
 * The row after an event of its job. The last event by position makes the row alone, so the order of arrival and
 * repeats make no difference.
 */
export function apply(row: JobRow, event: JobEvent): JobRow {
  const position = positionOf(event);
  if (comparePositions(position, row.position) <= 0) return row;
  return {
    id: row.id,
    type: row.type,
    status: statusAfter(event.kind),
    position,
    ...(event.error === undefined ? {} : { error: event.error }),
    ...(event.result === undefined ? {} : { result: event.result }),
    ...(event.worker === undefined ? {} : { worker: event.worker }),
  };
}

import { comparePositions, positionOf, statusAfter } from "../../kit/src/job/apply.ts";
import type { JobEvent } from "../../kit/src/job/job-event.ts";

/** Of Postgres' integer. */
const MAX_INTEGER = 2_147_483_647;
/** Of a Date, in milliseconds. */
const MAX_TIME_MS = 8.64e15;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isJobId(text: string): boolean {
  return UUID.test(text);
}

/**
 * Whether a row can take an event: anyone may publish events, and one that a column cannot hold must not spoil the
 * batch of the others.
 */
export function isStorable(event: JobEvent): boolean {
  const { worker }: { worker?: unknown } = event;
  return (
    isJobId(event.id) &&
    event.run <= MAX_INTEGER &&
    event.attempt <= MAX_INTEGER &&
    Math.abs(event.atMs) <= MAX_TIME_MS &&
    (worker === undefined || (typeof worker === "string" && !worker.includes("\u0000")))
  );
}

/** The last event of each job by position, sorted by id; the others would change nothing after it. */
export function lastEvents(events: readonly JobEvent[]): readonly JobEvent[] {
  const last = new Map<string, JobEvent>();
  for (const event of events) {
    const key = event.id.toLowerCase();
    const known = last.get(key);
    if (known === undefined || comparePositions(positionOf(event), positionOf(known)) > 0)
      last.set(key, event);
  }
  return [...last].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, event]) => event);
}

/** The parameters of APPLY_EVENTS: one array a column, in its order. */
export function eventColumns(events: readonly JobEvent[]): readonly (readonly unknown[])[] {
  const positions = events.map(positionOf);
  return [
    events.map((event) => event.id),
    events.map((event) => statusAfter(event.kind)),
    positions.map((position) => position.run),
    positions.map((position) => position.absorbing),
    positions.map((position) => position.attempt),
    positions.map((position) => position.rank),
    positions.map((position) => position.atMs),
    positions.map((position) => position.tie),
    events.map((event) => event.worker ?? null),
    events.map((event) => jsonOrNull(event.error)),
    events.map((event) => jsonOrNull(event.result)),
  ];
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { apply, comparePositions, newJobRow, positionOf } from "./apply.ts";
import type { JobEvent, JobEventKind } from "./job-event.ts";

const kinds: readonly JobEventKind[] = [
  "started",
  "interrupted",
  "snoozed",
  "failed",
  "dead_lettered",
  "succeeded",
];

/** Content follows from the position, as in life: one worker tells one thing in one millisecond. */
const events: fc.Arbitrary<JobEvent> = fc
  .record({
    run: fc.integer({ min: 1, max: 3 }),
    attempt: fc.integer({ min: 1, max: 3 }),
    kind: fc.constantFrom(...kinds),
    atMs: fc.integer({ min: 1, max: 5 }),
    worker: fc.constantFrom("a", "b", undefined),
  })
  .map(({ run, attempt, kind, atMs, worker }) => ({
    id: "job",
    type: "t",
    run,
    attempt,
    kind,
    atMs,
    ...(worker === undefined ? {} : { worker }),
    ...(kind === "succeeded" ? { result: `${run}:${attempt}:${atMs}:${worker}` } : {}),
    ...(["failed", "dead_lettered"].includes(kind)
      ? { error: { code: "x", message: `${attempt}:${atMs}:${worker}` } }
      : {}),
  }));

const rowAfter = (list: readonly JobEvent[]) => list.reduce(apply, newJobRow("job", "t"));

const event = (kind: JobEventKind, more: Partial<JobEvent> = {}): JobEvent => ({
  id: "job",
  type: "t",
  run: 1,
  attempt: 1,
  kind,
  atMs: 10,
  worker: "a",
  ...more,
});

test("the row is the same in whatever order its events come, and however often", () => {
  fc.assert(
    fc.property(
      fc
        .array(events, { maxLength: 8 })
        .chain((list) =>
          fc.tuple(
            fc.constant(list),
            fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 }),
          ),
        ),
      ([list, shuffledTwice]) => {
        expect(rowAfter(shuffledTwice)).toEqual(rowAfter(list));
      },
    ),
  );
});

test("a success stays, whatever else is told of its run", () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 8 }), (list) => {
      const firstRun = list.map((each) => ({ ...each, run: 1 }));
      const row = rowAfter([event("succeeded", { result: 1 }), ...firstRun]);
      expect(row.status).toBe("succeeded");
    }),
  );
});

test("a row never goes back to an earlier run or position", () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 8 }), (list) => {
      let row = newJobRow("job", "t");
      for (const each of list) {
        const next = apply(row, each);
        expect(comparePositions(next.position, row.position)).toBeGreaterThanOrEqual(0);
        expect(next.position.run).toBeGreaterThanOrEqual(row.position.run);
        row = next;
      }
    }),
  );
});

test("positions are ordered totally: equal only for the same event", () => {
  fc.assert(
    fc.property(events, events, (left, right) => {
      const order = comparePositions(positionOf(left), positionOf(right));
      expect(Math.sign(order)).toBe(-Math.sign(comparePositions(positionOf(right), positionOf(left))) + 0);
      if (order === 0) expect(left).toEqual(right);
    }),
  );
});

test("a job goes from queued over running and retrying to succeeded, and keeps its result", () => {
  const statuses: string[] = [newJobRow("job", "t").status];
  let row = newJobRow("job", "t");
  const story = [
    event("started"),
    event("failed", { atMs: 11, error: { code: "handler-failed", message: "no" } }),
    event("started", { attempt: 2, atMs: 12 }),
    event("interrupted", { attempt: 2, atMs: 13 }),
    event("started", { attempt: 2, atMs: 14, worker: "b" }),
    event("succeeded", { attempt: 2, atMs: 15, worker: "b", result: { size: 3 } }),
  ];
  for (const each of story) {
    row = apply(row, each);
    statuses.push(row.status);
  }
  expect(statuses).toEqual(["queued", "running", "retrying", "running", "queued", "running", "succeeded"]);
  expect(row).toMatchObject({ result: { size: 3 }, worker: "b" });
  expect(row).not.toHaveProperty("error");
});

test("a redrive begins a run that counts over the settled one", () => {
  const row = rowAfter([event("dead_lettered"), event("started", { run: 2 })]);
  expect(row.status).toBe("running");
});

test("a dead letter of an attempt is not undone by a late start of it", () => {
  const row = rowAfter([event("dead_lettered"), event("started", { atMs: 99 })]);
  expect(row.status).toBe("dead_lettered");
});

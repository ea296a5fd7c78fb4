import { expect, test } from "vitest";
import type { JobEvent } from "../../kit/src/job/job-event.ts";
import { eventColumns, isJobId, isStorable, lastEvents } from "./event-columns.ts";

const [A, B] = ["018bcfe5-6b2e-7e80-83ce-6664bb9de71a", "018bcfe5-6b2e-7e80-83ce-6664bb9de71b"];

function event(changes: Partial<JobEvent> = {}): JobEvent {
  return { id: A, type: "t", run: 1, attempt: 1, kind: "started", atMs: 5, ...changes };
}

test("only UUIDs can be ids of rows", () => {
  expect(isJobId(A)).toBe(true);
  expect(isJobId(A.toUpperCase())).toBe(true);
  expect([`${A} `, "order-7", ""].some(isJobId)).toBe(false);
});

test("of several events of a job the last by position is kept, and jobs come sorted", () => {
  const done = event({ kind: "succeeded", attempt: 2 });
  const other = event({ id: B });
  expect(
    lastEvents([other, event({ attempt: 3 }), done, event({ attempt: 2, id: A.toUpperCase() })]),
  ).toEqual([done, other]);
});

test.each([
  ["a run over the integers", { run: 2 ** 31 }],
  ["an attempt over the integers", { attempt: 2 ** 31 }],
  ["a time that is no date", { atMs: 9e15 }],
  ["an id that is no UUID", { id: "x" }],
  ["a worker with a NUL", { worker: "a\u0000" }],
])("%s cannot be stored", (_what, changes) => {
  expect(isStorable(event(changes))).toBe(false);
  expect(isStorable(event())).toBe(true);
});

test("there is one column a parameter and one entry an event", () => {
  const columns = eventColumns([event({ result: null, worker: "w" }), event({ id: B, kind: "succeeded" })]);
  expect(columns.map((column) => column[0])).toEqual([
    A,
    "running",
    1,
    0,
    1,
    1,
    5,
    "started:w",
    "w",
    null,
    "null",
  ]);
  expect(columns.map((column) => column[1])).toEqual([
    B,
    "succeeded",
    1,
    1,
    1,
    4,
    5,
    "succeeded:",
    null,
    null,
    null,
  ]);
});

import { expect, test } from "vitest";
import { deadlinesOf } from "./deadlines.ts";

const evenly = { times: [0, 10], values: [0, 100] };

test("without a job that waits there is none", () => {
  expect(deadlinesOf(evenly, { waiting: 0.5, oldestSeconds: 0, waitSeconds: 10 })).toEqual([]);
});

test("jobs that came at once have one deadline, the rest of the promise", () => {
  const lump = { times: [0, 4, 5, 10], values: [0, 0, 60, 60] };
  expect(deadlinesOf(lump, { waiting: 60, oldestSeconds: 5, waitSeconds: 30 })).toEqual([
    { inSeconds: 25, jobs: 60 },
  ]);
});

test("jobs that came evenly over 8 s are due one after the other, the last in the whole promise", () => {
  const deadlines = deadlinesOf(evenly, { waiting: 80, oldestSeconds: 8, waitSeconds: 10 });
  expect(deadlines).toHaveLength(8);
  expect(deadlines[0]).toEqual({ inSeconds: 3, jobs: 10 });
  expect(deadlines.at(-1)).toEqual({ inSeconds: 10, jobs: 80 });
});

test("overdue jobs have none, but stand before the others", () => {
  const deadlines = deadlinesOf(evenly, { waiting: 80, oldestSeconds: 8, waitSeconds: 4.5 });
  expect(deadlines[0]).toEqual({ inSeconds: 0.5, jobs: 40 });
});

test("a backlog of which no arrival is known is due with the oldest", () => {
  const unknown = { times: [0, 10], values: [0, 0] };
  expect(deadlinesOf(unknown, { waiting: 20, oldestSeconds: 10, waitSeconds: 30 })).toEqual([
    { inSeconds: 20, jobs: 20 },
  ]);
});

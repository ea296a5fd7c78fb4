import { expect, test } from "vitest";
import { RecentJobs } from "./recent-jobs.ts";

const attempt = (id: string, more: { readonly run?: number; readonly attempt?: number } = {}) => ({
  id,
  run: 1,
  attempt: 1,
  ...more,
});

test("knows the attempts that were added last, and forgets the oldest", () => {
  const recent = new RecentJobs(2);
  for (const id of ["a", "b", "c"]) recent.add(attempt(id));
  expect(["a", "b", "c"].map((id) => recent.has(attempt(id)))).toEqual([false, true, true]);
});

test("another attempt or run of the same job is another one", () => {
  const recent = new RecentJobs(2);
  recent.add(attempt("a"));
  expect(recent.has(attempt("a", { attempt: 2 }))).toBe(false);
  expect(recent.has(attempt("a", { run: 2 }))).toBe(false);
});

import { expect, test } from "vitest";
import { DeadLetter, outcomeOfThrown, RetryAfter, Snooze } from "./outcome.ts";
import { toJobError } from "./job-error.ts";
import { settlementFor } from "./settlement.ts";

const policy = { attempts: 3, stepsMs: [1_000, 5_000], random: 0.5 };

test("an error is a failure with its text, code and stack", () => {
  const error = Object.assign(new Error("no disk"), { code: "ENOSPC" });
  expect(outcomeOfThrown(error, undefined)).toMatchObject({
    kind: "failed",
    error: { code: "ENOSPC", message: "no disk", stack: expect.stringContaining("no disk") },
  });
  expect(outcomeOfThrown("text", undefined)).toMatchObject({
    error: { code: "handler-failed", message: "text" },
  });
});

test("the kit's own errors are told by their code, from whatever copy of the kit they come", () => {
  const foreign = { name: "RetryAfter", code: "millrace-retry-after", seconds: 3 };
  expect(outcomeOfThrown(foreign, undefined)).toMatchObject({ kind: "failed", minDelayMs: 3_000 });
  expect(outcomeOfThrown(new RetryAfter(2), undefined)).toMatchObject({ kind: "failed", minDelayMs: 2_000 });
  expect(outcomeOfThrown(new Snooze(-1), undefined)).toMatchObject({ kind: "snoozed", minDelayMs: 0 });
  expect(outcomeOfThrown(new DeadLetter("never"), undefined)).toMatchObject({
    kind: "dead",
    error: { code: "millrace-dead-letter", message: "never" },
  });
});

test("a wait that is no number is a plain failure", () => {
  expect(outcomeOfThrown({ code: "millrace-snooze", seconds: "soon" }, undefined)).toMatchObject({
    kind: "failed",
  });
  expect(outcomeOfThrown({ code: "millrace-snooze" }, undefined)).toMatchObject({ kind: "failed" });
  expect(outcomeOfThrown(null, undefined)).toMatchObject({ kind: "failed" });
});

test("what is thrown while draining is an interruption, but a dead letter stays one", () => {
  expect(outcomeOfThrown(new Error("aborted"), "draining")).toEqual({ kind: "interrupted" });
  expect(outcomeOfThrown(new DeadLetter("never"), "draining")).toMatchObject({ kind: "dead" });
});

test("what is thrown after the time-out is a failure that says so", () => {
  expect(outcomeOfThrown(Object.assign(new Error("x"), { code: "ABORT_ERR" }), "timeout")).toMatchObject({
    kind: "failed",
    error: { code: "timeout" },
  });
});

test("anything that can be thrown has a text", () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  expect(toJobError(cyclic).message).toContain("cannot be written as JSON");
  expect(toJobError(undefined).message).toBe("undefined");
  expect(toJobError({ a: 1 }).message).toBe('{"a":1}');
  const bare = new Error("bare");
  delete bare.stack;
  expect(toJobError(bare)).toEqual({ code: "handler-failed", message: "bare" });
});

test("an error's text is bounded: it travels in headers", () => {
  const error = toJobError(new Error("x".repeat(100_000)));
  expect(error.message).toHaveLength(1_000);
  expect(error.stack).toHaveLength(4_000);
});

test("success is acked, an interruption goes back uncounted", () => {
  expect(settlementFor({ kind: "succeeded", result: 7 }, 1, policy)).toEqual({ kind: "ack", result: 7 });
  expect(settlementFor({ kind: "interrupted" }, 3, policy)).toEqual({ kind: "requeue" });
});

test("a failure is tried again after its step, until the attempts are used up", () => {
  const error = { code: "c", message: "m" };
  const failed = { kind: "failed", error } as const;
  expect(settlementFor(failed, 1, policy)).toEqual({
    kind: "delay",
    counted: true,
    attempt: 2,
    stepMs: 1_000,
    error,
  });
  expect(settlementFor({ ...failed, minDelayMs: 3_000 }, 1, policy)).toMatchObject({ stepMs: 5_000 });
  expect(settlementFor(failed, 3, policy)).toEqual({ kind: "dead-letter", error });
  expect(settlementFor({ kind: "dead", error }, 1, policy)).toEqual({ kind: "dead-letter", error });
});

test("a snooze keeps the attempt, even the last one", () => {
  const error = { code: "c", message: "m" };
  expect(settlementFor({ kind: "snoozed", error, minDelayMs: 0 }, 3, policy)).toEqual({
    kind: "delay",
    counted: false,
    attempt: 3,
    stepMs: 1_000,
    error,
  });
});

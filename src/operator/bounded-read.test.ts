import { stat } from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BoundedRead } from "./bounded-read.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const options = () => {
  const problems: string[] = [];
  return { problems, deadlineMs: 1_000, onProblem: (problem: string) => void problems.push(problem) };
};
const never = () => new Promise<string>(() => {});

test("passes an answer on", async () => {
  expect(await new BoundedRead<string>().read(() => Promise.resolve("seven"), options())).toBe("seven");
  expect(vi.getTimerCount()).toBe(0);
});

test("answers undefined when the source rejects or throws, and says why", async () => {
  const rejecting = options();
  const read = new BoundedRead<string>();
  expect(await read.read(() => Promise.reject(new Error("refused")), rejecting)).toBeUndefined();
  expect(rejecting.problems).toEqual(["refused"]);
  const throwing = options();
  const thrown = () => {
    throw new Error("broke");
  };
  expect(await read.read(thrown, throwing)).toBeUndefined();
  expect(throwing.problems).toEqual(["broke"]);
});

test("gives up at the deadline even when the source ignores its signal, and aborts that", async () => {
  const given = options();
  let signal: AbortSignal | undefined;
  const answer = new BoundedRead<string>().read((its) => {
    signal = its;
    return never();
  }, given);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await answer).toBeUndefined();
  expect(signal?.aborted).toBe(true);
  expect(given.problems).toEqual(["no answer in 1000 ms"]);
});

test("an answer that arrived while this process stood still counts", async () => {
  vi.useRealTimers();
  const ask = async () => ((await stat(".")).isDirectory() ? "there" : "gone");
  const answer = new BoundedRead<string>().read(ask, { ...options(), deadlineMs: 20 });
  await Promise.resolve(); // it is asked now
  const untilMs = performance.now() + 200;
  while (performance.now() < untilMs);
  expect(await answer).toBe("there");
});

test("asks no second question while the first is not let go of", async () => {
  const read = new BoundedRead<string>();
  const first = read.read(never, options());
  await vi.advanceTimersByTimeAsync(1_000);
  await first;
  const second = options();
  const asked = vi.fn(() => Promise.resolve("late"));
  expect(await read.read(asked, second)).toBeUndefined();
  expect(asked).not.toHaveBeenCalled();
  expect(second.problems).toEqual(["still answering the last question"]);
});

test("a question that is never let go of is given up after ten deadlines", async () => {
  const read = new BoundedRead<string>();
  const first = read.read(never, options());
  await vi.advanceTimersByTimeAsync(10_000);
  await first;
  expect(await read.read(() => Promise.resolve("again"), options())).toBe("again");
});

test("a late rejection is no unhandled one, and frees the source", async () => {
  const read = new BoundedRead<string>();
  const source = Promise.withResolvers<string>();
  const given = options();
  const first = read.read(() => source.promise, given);
  await vi.advanceTimersByTimeAsync(1_000);
  await first;
  source.reject(new Error("late"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(given.problems).toEqual(["no answer in 1000 ms"]);
  expect(await read.read(() => Promise.resolve("next"), options())).toBe("next");
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WriteQueue, type WriteQueueOptions } from "./write-queue.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Writes end when they are told to; `begun` holds their texts in order. */
const setup = (options: Partial<WriteQueueOptions> = {}) => {
  const begun: string[] = [];
  const failures: unknown[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const queue = new WriteQueue({ onFailure: (cause) => failures.push(cause), ...options });
  const put = (key: string, text = key, isLosable = false) =>
    queue.put(key, {
      isLosable,
      run: (signal) => {
        begun.push(text);
        const end = Promise.withResolvers<void>();
        ends.set(text, end);
        signal.addEventListener("abort", () => end.reject(new Error("aborted")), { once: true });
        return end.promise;
      },
    });
  const end = async (text: string) => {
    ends.get(text)?.resolve();
    await vi.advanceTimersByTimeAsync(0);
  };
  const fail = async (text: string) => {
    ends.get(text)?.reject(new Error(`${text} failed`));
    await vi.advanceTimersByTimeAsync(0);
  };
  return { queue, begun, failures, put, end, fail };
};

test("the newest of a key wins, and no two of a key are under way at once", async () => {
  const { begun, put, end } = setup();
  put("a", "a1");
  put("a", "a2");
  put("a", "a3");
  expect(begun).toEqual(["a1"]);
  await end("a1");
  expect(begun).toEqual(["a1", "a3"]);
});

test("at most eight are under way", async () => {
  const { begun, put, end, queue } = setup();
  for (let number = 0; number < 20; number += 1) put(`key-${number}`);
  expect(begun).toHaveLength(8);
  expect(queue.waiting).toBe(20);
  await end("key-3");
  expect(begun).toHaveLength(9);
});

test("what failed is tried again after a pause that grows, while nothing else is; a newer one takes its place", async () => {
  const { begun, failures, put, end, fail } = setup({ parallel: 1 });
  put("a", "a1");
  await fail("a1");
  put("b");
  put("a", "a2");
  await vi.advanceTimersByTimeAsync(499);
  expect(begun).toEqual(["a1"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(["a1", "a2"]);
  await fail("a2");
  await vi.advanceTimersByTimeAsync(999);
  expect(begun).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(["a1", "a2", "b"]);
  await end("b");
  expect(begun).toEqual(["a1", "a2", "b", "a2"]);
  expect(failures).toHaveLength(2);
});

test("the pause is at most half a minute, and one success forgets it", async () => {
  const { begun, put, end, fail } = setup();
  put("a");
  for (let failure = 0; failure < 12; failure += 1) {
    await fail("a");
    await vi.advanceTimersByTimeAsync(30_000);
  }
  expect(begun).toHaveLength(13);
  await end("a");
  put("a");
  await fail("a");
  await vi.advanceTimersByTimeAsync(500);
  expect(begun).toHaveLength(15);
});

test("a failure of a write's own holds up nobody else; it is tried again after a pause that grows", async () => {
  const { queue, begun, failures, put, end, fail } = setup({ isOwn: () => true });
  put("a");
  await fail("a");
  put("b");
  expect(begun).toEqual(["a", "b"]);
  await end("b");
  await vi.advanceTimersByTimeAsync(500);
  expect(begun).toEqual(["a", "b", "a"]);
  await fail("a");
  put("a", "a2");
  await vi.advanceTimersByTimeAsync(999);
  expect(begun).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(["a", "b", "a", "a2"]);
  expect(failures).toHaveLength(2);
  await fail("a2");
  vi.useRealTimers();
  await queue.drain(50);
  expect(queue.waiting).toBe(0);
});

test("of those that may be lost the oldest go beyond the bound; the others stay", async () => {
  const { begun, put, end } = setup({ parallel: 1, maxLosable: 2 });
  put("first");
  put("status");
  for (const key of ["e1", "e2", "e3", "e4"]) put(key, key, true);
  for (const key of ["first", "status", "e3", "e4"]) await end(key);
  expect(begun).toEqual(["first", "status", "e3", "e4"]);
});

test("drained, all is written; and what is not written in time is given up", async () => {
  const { queue, begun, put, end } = setup({ parallel: 1 });
  put("a");
  put("b");
  const drained = queue.drain(3_000);
  await end("a");
  await end("b");
  await drained;
  expect(begun).toEqual(["a", "b"]);
  vi.useRealTimers();
  put("c");
  put("d");
  await queue.drain(50);
  expect(begun).toEqual(["a", "b", "c"]);
  expect(queue.waiting).toBe(0);
});

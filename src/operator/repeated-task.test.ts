import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RepeatedTask } from "./repeated-task.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const noError = (cause: unknown) => {
  throw cause;
};
const lasting = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });

test("runs at once and then from start to start", async () => {
  const task = vi.fn(() => lasting(300));
  const repeated = new RepeatedTask(task, { periodMs: () => 1_000, onError: noError });
  repeated.start();
  repeated.start();
  await vi.advanceTimersByTimeAsync(2_100);
  expect(task).toHaveBeenCalledTimes(3);
});

test("a slow run delays the next and never overlaps it", async () => {
  let running = 0;
  let most = 0;
  const task = vi.fn(async () => {
    running += 1;
    most = Math.max(most, running);
    await lasting(2_500);
    running -= 1;
  });
  const repeated = new RepeatedTask(task, { periodMs: () => 1_000, onError: noError });
  repeated.start();
  await vi.advanceTimersByTimeAsync(7_600);
  expect(task).toHaveBeenCalledTimes(4);
  expect(most).toBe(1);
});

test("an error is told and does not end the repetition", async () => {
  const errors: unknown[] = [];
  const repeated = new RepeatedTask(() => Promise.reject(new Error("no")), {
    periodMs: () => 1_000,
    onError: (cause) => void errors.push(cause),
  });
  repeated.start();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(errors.length).toBe(2);
});

test("stops after the run that is under way, and stopping twice or before the start is safe", async () => {
  const task = vi.fn(() => lasting(300));
  const repeated = new RepeatedTask(task, { periodMs: () => 1_000, onError: noError });
  await repeated.stop();
  repeated.start();
  const stopped = vi.fn();
  const stopping = repeated.stop().then(stopped);
  await vi.advanceTimersByTimeAsync(200);
  expect(stopped).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(5_000);
  await stopping;
  await repeated.stop();
  expect(task).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("asked to, it runs at once instead of when it would be due, and goes on from there", async () => {
  const task = vi.fn(() => lasting(10));
  const repeated = new RepeatedTask(task, { periodMs: () => 1_000, onError: noError });
  repeated.runNow();
  expect(task).not.toHaveBeenCalled();
  repeated.start();
  await vi.advanceTimersByTimeAsync(100);
  repeated.runNow();
  expect(task).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(950);
  expect(task).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(100);
  expect(task).toHaveBeenCalledTimes(3);
  await repeated.stop();
});

test("asked to while it runs, it runs once more right after, and not twice at a time", async () => {
  const task = vi.fn(() => lasting(300));
  const repeated = new RepeatedTask(task, { periodMs: () => 1_000, onError: noError });
  repeated.start();
  await vi.advanceTimersByTimeAsync(100);
  repeated.runNow();
  repeated.runNow();
  expect(task).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(250);
  expect(task).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(900);
  expect(task).toHaveBeenCalledTimes(2);
  await repeated.stop();
});

import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { SubmitError } from "../../../kit/src/client/submit-error.ts";
import { defineJob } from "../../../kit/src/job/define-job.ts";
import { DeadLetter, Snooze } from "../../../kit/src/job/outcome.ts";
import {
  Collector,
  quickTopology,
  startClient,
  startPublisher,
  startStateCollector,
  startWorker,
  urlForTest,
} from "./setup.ts";

const double = defineJob({
  type: "double",
  payload: z.object({ value: z.number() }),
  result: z.object({ doubled: z.number() }),
  attempts: 3,
});

test("a submitted job is run with its payload, and its success is told before it is acked", async () => {
  const url = await urlForTest();
  const state = await startStateCollector(url);
  const client = await startClient(url, [double]);
  const { worker, happenings } = await startWorker(url, [
    double.handle(({ value }) => ({ doubled: value * 2 })),
  ]);
  await worker.ready();
  const { id } = await client.submit(double, { value: 21 }, { replyTo: quickTopology.stateQueue });
  const [settled] = await happenings.until("settled");
  expect(settled).toMatchObject({ job: { id, run: 1, attempt: 1 }, settlement: { kind: "ack" }, done: true });
  await state.until(2);
  expect(state.events.map(({ kind }) => kind)).toEqual(["started", "succeeded"]);
  expect(state.events[1]).toMatchObject({ id, type: "double", result: { doubled: 42 } });
});

test("a job without anyone to tell is acked without events", async () => {
  const url = await urlForTest();
  const state = await startStateCollector(url);
  const client = await startClient(url, [double]);
  const { happenings } = await startWorker(url, [double.handle(({ value }) => ({ doubled: value }))]);
  await client.submit(double, { value: 1 });
  await happenings.until("settled");
  await client.submit(double, { value: 2 }, { replyTo: quickTopology.stateQueue });
  await state.until(2);
  expect(new Set(state.events.map(({ id }) => id)).size).toBe(1);
});

test("a failed attempt comes back after its delay step, the last one goes to the dead letters with its error", async () => {
  const url = await urlForTest();
  const state = await startStateCollector(url);
  const client = await startClient(url, [double]);
  const { worker, happenings } = await startWorker(
    url,
    [
      double.handle((_, { job }) => {
        throw new Error(`no luck in attempt ${job.attempt}`);
      }),
    ],
    { random: () => 0.5, name: "worker-1" },
  );
  await worker.ready();
  const dead = await Collector.start(url, quickTopology.deadQueue);
  const { id } = await client.submit(double, { value: 1 }, { replyTo: quickTopology.stateQueue });
  const [letter] = await dead.until(1);
  expect(happenings.of("started").map(({ job }) => job.attempt)).toEqual([1, 2, 3]);
  const settled = await happenings.until("settled", 3);
  expect(settled.map(({ settlement }) => settlement)).toMatchObject([
    { kind: "delay", attempt: 2, stepMs: 20 },
    { kind: "delay", attempt: 3, stepMs: 40 },
    { kind: "dead-letter" },
  ]);
  expect(letter?.properties).toMatchObject({
    messageId: id,
    type: "double",
    headers: {
      "x-attempt": 3,
      "x-run": 1,
      "x-error-code": "handler-failed",
      "x-error-message": "no luck in attempt 3",
      "x-worker": "worker-1",
      "x-queue": "jobs.double",
    },
  });
  expect(JSON.parse(letter?.body.toString() ?? "")).toEqual({ value: 1 });
  await state.until(6);
  expect(
    state.events.filter(({ kind }) => kind !== "started").map(({ kind, attempt }) => `${kind} ${attempt}`),
  ).toEqual(["failed 1", "failed 2", "dead_lettered 3"]);
});

test("a handler can end a job for good, or ask for it later without spending an attempt", async () => {
  const url = await urlForTest();
  const client = await startClient(url, [double]);
  let calls = 0;
  const { happenings } = await startWorker(url, [
    double.handle(() => {
      calls += 1;
      if (calls === 1) throw new Snooze(0.01);
      throw new DeadLetter("never");
    }),
  ]);
  await client.submit(double, { value: 1 });
  const settled = await happenings.until("settled", 2);
  expect(settled.map(({ job, settlement }) => [job.attempt, settlement.kind])).toEqual([
    [1, "delay"],
    [1, "dead-letter"],
  ]);
});

const foreign = async (
  publish: {
    readonly type?: string;
    readonly messageId?: string;
    readonly headers?: Record<string, unknown>;
  },
  body: string,
) => {
  const url = await urlForTest();
  const { worker, happenings } = await startWorker(url, [double.handle(() => ({ doubled: 0 }))]);
  await worker.ready();
  const dead = await Collector.start(url, quickTopology.deadQueue);
  const publisher = await startPublisher(url);
  await publisher.ready();
  await publisher.publish({
    exchange: "",
    routingKey: "jobs.double",
    body: Buffer.from(body),
    properties: { messageId: "m1", ...publish },
  });
  const [letter] = await dead.until(1);
  expect(happenings.of("started")).toEqual([]);
  const metrics = await worker.registry.metrics();
  return { headers: letter?.properties.headers ?? {}, metrics, letter };
};

test("a job of a type that the queue is not for is dead-lettered with the reason", async () => {
  const { headers, metrics } = await foreign({ type: "triple" }, "{}");
  expect(headers).toMatchObject({
    "x-error-code": "type-unknown",
    "x-error-message": "expected double on jobs.double, got triple",
  });
  expect(metrics).toMatch(/worker_jobs_processed_total\{.*type="unknown",status="rejected"\} 1/);
  expect(metrics).not.toContain("triple");
});

test("an invalid payload is dead-lettered with the failing field", async () => {
  const { headers, metrics } = await foreign({ type: "double" }, '{"value":"x"}');
  expect(headers["x-error-code"]).toBe("payload-invalid");
  expect(headers["x-error-message"]).toMatch(/^value: /);
  expect(metrics).toMatch(/worker_jobs_processed_total\{.*type="double",status="rejected"\} 1/);
});

test("a body that is not JSON is dead-lettered as it came", async () => {
  const { headers, letter } = await foreign({ type: "double" }, "{oops");
  expect(headers["x-error-code"]).toBe("body-invalid");
  expect(letter?.body.toString()).toBe("{oops");
});

test("a message that is no job is dead-lettered, not run", async () => {
  const { headers } = await foreign({ headers: { "x-attempt": "many" } }, "{}");
  expect(headers).toMatchObject({ "x-error-code": "envelope-invalid", "x-error-message": "type: missing" });
});

test("a result that does not fit the contract is dead-lettered: another attempt would give the same", async () => {
  const url = await urlForTest();
  const client = await startClient(url, [double]);
  const broken: unknown = double.handle(() => ({ doubled: Number.NaN }));
  const { happenings } = await startWorker(url, [broken as ReturnType<typeof double.handle>]);
  await client.submit(double, { value: 1 });
  const [settled] = await happenings.until("settled");
  expect(settled?.settlement).toMatchObject({ kind: "dead-letter", error: { code: "result-invalid" } });
});

test("a handler that never ends is given up at its time-out, the attempt has failed", async () => {
  const url = await urlForTest();
  const slow = defineJob({ type: "slow", payload: z.object({}), attempts: 1, timeoutSeconds: 0.05 });
  const client = await startClient(url, [slow]);
  const never = Promise.withResolvers<void>();
  const { worker, happenings } = await startWorker(
    url,
    [slow.handle({ concurrency: 1 }, () => never.promise)],
    { abortGraceSeconds: 0.05 },
  );
  await client.submit(slow, {});
  const [settled] = await happenings.until("settled");
  expect(settled?.settlement).toMatchObject({ kind: "dead-letter", error: { code: "timeout" } });
  // Its one slot is lost to a handler that ignores its abort: only a new process helps, until it ends after all.
  expect(worker.isAlive).toBe(false);
  never.resolve();
  await delay(0);
  expect(worker.isAlive).toBe(true);
});

test("never more jobs at one time than slots, and all slots are used", async () => {
  const url = await urlForTest();
  const client = await startClient(url, [double]);
  const gate = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const { happenings } = await startWorker(
    url,
    [
      double.handle(async () => {
        running += 1;
        most = Math.max(most, running);
        await gate.promise;
        running -= 1;
        return { doubled: 0 };
      }),
    ],
    { concurrency: 3 },
  );
  for (let value = 0; value < 9; value += 1) await client.submit(double, { value });
  await happenings.until("started", 3);
  gate.resolve();
  await happenings.until("settled", 9);
  expect(most).toBe(3);
});

test("a client tells a wrong payload, and an unknown queue, apart", async () => {
  const url = await urlForTest();
  const client = await startClient(url, []);
  const wrong: unknown = { value: "x" };
  await expect(client.submit(double, wrong as { value: number })).rejects.toMatchObject({
    code: "payload-invalid",
  });
  const error = await client.submit(double, { value: 1 }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SubmitError);
  expect(error).toMatchObject({ code: "unroutable", id: expect.any(String) });
});

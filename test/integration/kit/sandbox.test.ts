import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect, test } from "vitest";
import { z } from "zod";
import { defineJob } from "../../../kit/src/job/define-job.ts";
import { startInMemory } from "../../../kit/src/testing/testing.ts";
import { startClient, startWorker, urlForTest } from "./setup.ts";

const sandbox = new URL("fixtures/sandboxed.ts", import.meta.url);
const define = (timeoutSeconds?: number) =>
  defineJob({
    type: "cpu",
    payload: z.object({ how: z.string() }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  });
const outcomeOf = (how: string, timeoutSeconds?: number) =>
  startInMemory(define(timeoutSeconds).handle({ sandbox }), { how }).outcome;

test("a sandboxed handler runs in a thread of its own and gives back its result", async () => {
  const outcome = await outcomeOf("double");
  expect(outcome).toMatchObject({ kind: "succeeded", result: { attempt: 1 } });
  expect(outcome).not.toMatchObject({ result: { thread: 0 } });
});

test("what it throws keeps its text, code and meaning", async () => {
  expect(await outcomeOf("throw")).toMatchObject({ kind: "failed", error: { code: "E_NO", message: "no" } });
  expect(await outcomeOf("retry")).toMatchObject({ kind: "failed", minDelayMs: 7_000 });
  expect(await outcomeOf("unclonable")).toMatchObject({ kind: "failed" });
});

test("one that ends its thread has failed, the process lives", async () => {
  expect(await outcomeOf("exit")).toMatchObject({ kind: "failed", error: { code: "sandbox-crashed" } });
});

test("one that blocks is ended at its time-out, and the event loop stays free meanwhile", async () => {
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  expect(await outcomeOf("block", 0.05)).toMatchObject({ kind: "failed", error: { code: "timeout" } });
  loop.disable();
  expect(loop.percentile(50)).toBeLessThan(100e6); // a handler on the event loop would have blocked it for a second
});

test("one that listens is told of its abort", async () => {
  const run = startInMemory(define().handle({ sandbox }), { how: "hang" });
  run.interrupt("draining");
  expect(await run.outcome).toEqual({ kind: "interrupted" });
});

test("a worker runs sandboxed jobs one after the other in the same thread", async () => {
  const url = await urlForTest();
  const cpu = define();
  const client = await startClient(url, [cpu]);
  const { happenings } = await startWorker(url, [cpu.handle({ sandbox, concurrency: 1 })]);
  await client.submit(cpu, { how: "double" });
  await client.submit(cpu, { how: "double" });
  const ended = await happenings.until("ended", 2);
  const threads = ended.map(({ outcome }) => outcome.kind === "succeeded" && JSON.stringify(outcome.result));
  expect(threads[0]).toBe(threads[1]);
});

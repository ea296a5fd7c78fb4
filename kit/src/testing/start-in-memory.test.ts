import { expect, test } from "vitest";
import { z } from "zod";
import { defineJob } from "../job/define-job.ts";
import { startInMemory } from "./start-in-memory.ts";

const greet = defineJob({
  type: "greet",
  payload: z.object({ name: z.string().trim() }),
  result: z.string(),
});

test("runs a handler without a broker, its payload as the schema gives it out", async () => {
  const handler = greet.handle(({ name }, { job }) => `Hello ${name} (${job.attempt})`);
  expect(await startInMemory(handler, { name: " Ada " }, { job: { attempt: 2 } }).outcome).toEqual({
    kind: "succeeded",
    result: "Hello Ada (2)",
  });
});

test("a wrong payload and a wrong result are dead, as a worker would see them", async () => {
  const wrong: unknown = 7;
  const handler = greet.handle(() => wrong as string);
  expect(await startInMemory(handler, { name: 1 }).outcome).toMatchObject({
    kind: "dead",
    error: { code: "payload-invalid" },
  });
  expect(await startInMemory(handler, { name: "a" }).outcome).toMatchObject({
    kind: "dead",
    error: { code: "result-invalid" },
  });
});

test("a result that cannot be written as JSON is dead", async () => {
  const free = defineJob({ type: "free", payload: z.object({}) });
  expect(
    await startInMemory(
      free.handle(() => 1n),
      {},
    ).outcome,
  ).toMatchObject({ kind: "dead", error: { code: "result-invalid" } });
});

test("an interrupted handler is told why, and its attempt does not count", async () => {
  let reason: unknown;
  const handler = greet.handle(async (_, { signal }) => {
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => {
      reason = signal.reason;
      reject(new Error("stopped"));
    });
    return promise;
  });
  const run = startInMemory(handler, { name: "a" });
  run.interrupt("draining");
  expect(await run.outcome).toEqual({ kind: "interrupted" });
  expect(reason).toBe("draining");
});

test("a handler that finishes in spite of the drain has succeeded", async () => {
  const gate = Promise.withResolvers<string>();
  const run = startInMemory(
    greet.handle(() => gate.promise),
    { name: "a" },
  );
  run.interrupt("draining");
  gate.resolve("done");
  expect(await run.outcome).toEqual({ kind: "succeeded", result: "done" });
});

test("a handler that ignores its abort is given up", async () => {
  const never = greet.handle(() => new Promise<string>(() => {}));
  const run = startInMemory(never, { name: "a" }, { abortGraceSeconds: 0 });
  run.interrupt("timeout");
  expect(await run.outcome).toMatchObject({ kind: "failed", error: { code: "timeout" } });
});

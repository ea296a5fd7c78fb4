import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { defineJob } from "../../../kit/src/job/define-job.ts";
import { act } from "./fixtures/jobs.ts";
import {
  Collector,
  messagesIn,
  quickTopology,
  startClient,
  startStateCollector,
  startWorker,
  urlForTest,
} from "./setup.ts";

const work = defineJob({ type: "work", payload: z.object({ n: z.number() }) });

test("a drain lets running jobs finish, takes no new ones, and leaves those to others", async () => {
  const url = await urlForTest();
  const client = await startClient(url, [work]);
  const gate = Promise.withResolvers<void>();
  const { worker, happenings } = await startWorker(url, [work.handle(() => gate.promise)], {
    concurrency: 1,
  });
  await client.submit(work, { n: 1 });
  await client.submit(work, { n: 2 });
  await happenings.until("started");
  const stopped = worker.stop();
  expect(worker.isReady).toBe(false);
  expect(await worker.registry.metrics()).toMatch(/worker_workers_running\{[^}]*\} 0/);
  gate.resolve();
  await stopped;
  expect(happenings.of("settled")).toMatchObject([{ settlement: { kind: "ack" }, done: true }]);
  expect(await messagesIn(url, "jobs.work")).toBe(1);
});

test("a job that does not finish in the drain is interrupted, not failed, and keeps its attempt", async () => {
  const url = await urlForTest();
  const state = await startStateCollector(url);
  const client = await startClient(url, [work]);
  const hang = work.handle(async (_, { signal }) => {
    await delay(3_600_000, undefined, { signal });
  });
  const first = await startWorker(url, [hang], { drainSeconds: 0.05 });
  await client.submit(work, { n: 1 }, { replyTo: quickTopology.stateQueue });
  await first.happenings.until("started");
  await first.worker.stop();
  expect(first.happenings.of("ended")).toMatchObject([{ outcome: { kind: "interrupted" } }]);
  expect(await first.worker.registry.metrics()).toMatch(/jobs_processed_total\{.*status="interrupted"\} 1/);
  const second = await startWorker(url, [work.handle(() => {})]);
  const [settled] = await second.happenings.until("settled");
  expect(settled?.job.attempt).toBe(1);
  await state.until(4);
  expect(state.events.map(({ kind }) => kind)).toEqual(["started", "interrupted", "started", "succeeded"]);
});

test("drains never use up the delivery limit: near it a fresh copy goes in the place of a requeue", async () => {
  const url = await urlForTest();
  const client = await startClient(url, [work]);
  const hang = work.handle(async (_, { signal }) => {
    await delay(3_600_000, undefined, { signal });
  });
  await client.submit(work, { n: 1 });
  for (let drain = 0; drain < 7; drain += 1) {
    const { worker, happenings } = await startWorker(url, [hang], { drainSeconds: 0 });
    await happenings.until("started");
    await worker.stop();
    expect(happenings.of("started")).toHaveLength(1); // no second copy
  }
  const { worker, happenings } = await startWorker(url, [work.handle(() => {})]);
  const [settled] = await happenings.until("settled");
  expect(settled).toMatchObject({ job: { attempt: 1 }, settlement: { kind: "ack" } });
  await worker.ready();
  expect(await messagesIn(url, quickTopology.deadQueue)).toBe(0);
});

test("stop is safe before start and more than once", async () => {
  const url = await urlForTest();
  const { worker } = await startWorker(url, [work.handle(() => {})]);
  await Promise.all([worker.stop(), worker.stop()]);
  await worker.stop();
  expect(worker.isAlive).toBe(true);
});

const main = fileURLToPath(new URL("../../../bin/millrace.mjs", import.meta.url));
const jobs = fileURLToPath(new URL("fixtures/jobs.ts", import.meta.url));

/** `millrace worker` as a process of its own. */
function spawnWorker(url: string, ...flags: readonly string[]): ChildProcess {
  const command = [main, "worker", "--jobs", jobs, "--concurrency", "1"];
  const quickly = ["--delivery-limit", "3", "--delay-steps", "0.02", "0.04"];
  const metrics = ["--metrics-port", "0", "--metrics-host", "127.0.0.1"];
  const child = spawn(process.execPath, [...command, ...quickly, ...metrics, ...flags], {
    env: { PATH: process.env["PATH"], AMQP_URL: url, LOG_LEVEL: "warn" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

async function startsFile(): Promise<{
  readonly file: string;
  until(count: number): Promise<readonly string[]>;
}> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-kit-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "starts");
  await writeFile(file, "");
  const lines = async (): Promise<readonly string[]> =>
    (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return {
    file,
    async until(count) {
      const changes = watch(file);
      onTestFinished(() => changes.close());
      for (;;) {
        const changed = once(changes, "change");
        const found = await lines();
        if (found.length >= count) return found;
        await changed;
      }
    },
  };
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s drains and ends with code 0, the interrupted job is not a failed attempt",
  async (signal) => {
    const url = await urlForTest();
    const client = await startClient(url, [act]);
    const starts = await startsFile();
    const child = spawnWorker(url, "--drain-seconds", "0.1");
    await client.submit(act, { file: starts.file, how: "hang" });
    await starts.until(1);
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([0, null]);
    const { happenings } = await startWorker(url, [act.handle(() => {})]);
    const [settled] = await happenings.until("settled");
    expect(settled?.job.attempt).toBe(1);
  },
);

test("a second signal ends the worker at once with code 1, and its job is run by another", async () => {
  const url = await urlForTest();
  const client = await startClient(url, [act]);
  const starts = await startsFile();
  const child = spawnWorker(url, "--drain-seconds", "600");
  await client.submit(act, { file: starts.file, how: "hang" });
  await starts.until(1);
  child.kill("SIGTERM");
  await messagesIn(url, "jobs.act"); // a round trip to the broker lies between the signals
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([1, null]);
  const { happenings } = await startWorker(url, [act.handle(() => {})]);
  const [settled] = await happenings.until("settled");
  expect(settled).toMatchObject({ job: { attempt: 1 }, settlement: { kind: "ack" } });
});

test("a job that kills every worker ends at the delivery limit, in the dead letters, and the state says so", async () => {
  const url = await urlForTest();
  const state = await startStateCollector(url);
  const client = await startClient(url, [act]);
  const starts = await startsFile();
  const { id } = await client.submit(
    act,
    { file: starts.file, how: "exit" },
    { replyTo: quickTopology.stateQueue },
  );
  // Limit 3: the first delivery and three more. Each worker takes the job with it.
  for (let worker = 1; worker <= 4; worker += 1) {
    expect(await once(spawnWorker(url), "exit")).toEqual([null, "SIGKILL"]);
  }
  expect(await starts.until(4)).toEqual(["exit 1", "exit 1", "exit 1", "exit 1"]);
  const dead = await Collector.start(url, quickTopology.deadQueue);
  const [letter] = await dead.until(1);
  expect(letter?.properties.messageId).toBe(id);
  while (!state.events.some(({ kind }) => kind === "dead_lettered"))
    await state.until(state.deliveries.length + 1);
  expect(state.events.find(({ kind }) => kind === "dead_lettered")).toMatchObject({
    id,
    type: "act",
    run: 1,
    attempt: 1,
    error: { code: "delivery-limit" },
  });
}, 180_000);

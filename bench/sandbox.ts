import { monitorEventLoopDelay } from "node:perf_hooks";
import { availableParallelism } from "node:os";
import { z } from "zod";
import { createRabbitmq } from "../embedded/rabbitmq.ts";
import { createRunScope } from "../embedded/run-scope.ts";
import { createClient } from "../kit/src/client/client.ts";
import { defineJob, type JobHandler } from "../kit/src/job/define-job.ts";
import { createWorker } from "../kit/src/worker/create-worker.ts";
import { burnCpu } from "./fixtures/burn-cpu.ts";

/**
 * Delay of a worker's event loop while it runs CPU jobs in the sandbox, beside the same jobs as plain functions on the
 * loop (the reference), on a real broker, in one run.
 *
 *   node bench/sandbox.ts [--json]
 */

const jobs = 40;
const milliseconds = 200;
const concurrency = 2;
const barMs = 50;

const contract = (type: string) => defineJob({ type, payload: z.strictObject({ milliseconds: z.number() }) });
const sandboxed = contract("sandboxed");
const inLoop = contract("in-loop");

type Sample = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly seconds: number;
};

/** Runs all jobs through a worker in this process, and watches this process's event loop meanwhile. */
const measure = async (amqpUrl: string, type: typeof sandboxed, handler: JobHandler): Promise<Sample> => {
  const client = createClient({ amqpUrl, jobs: [type] });
  await client.start();
  for (let index = 0; index < jobs; index++) await client.submit(type, { milliseconds });
  let settled = 0;
  const all = Promise.withResolvers<void>();
  const observer = {
    settled(): void {
      settled++;
      if (settled === jobs) all.resolve();
    },
  };
  const worker = createWorker({ amqpUrl, jobs: [handler], concurrency, observer });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  await worker.start();
  await worker.ready();
  delay.enable();
  const startedMs = performance.now();
  await all.promise;
  delay.disable();
  await worker.stop();
  await client.stop();
  const inMs = (nanoseconds: number): number => Number((nanoseconds / 1e6).toFixed(1));
  return {
    p50Ms: inMs(delay.percentile(50)),
    p99Ms: inMs(delay.percentile(99)),
    maxMs: inMs(delay.max),
    seconds: Number(((performance.now() - startedMs) / 1000).toFixed(1)),
  };
};

const scope = await createRunScope();
try {
  const broker = await createRabbitmq(scope);
  await broker.start();
  const url = broker.amqpUrl();
  const module = new URL("fixtures/burn-cpu.ts", import.meta.url);
  const sandbox = await measure(url, sandboxed, sandboxed.handle({ sandbox: module }));
  const reference = await measure(
    url,
    inLoop,
    inLoop.handle(({ milliseconds }) => burnCpu(milliseconds)),
  );
  const good = sandbox.p99Ms < barMs;
  if (process.argv.includes("--json")) {
    console.log(
      JSON.stringify({ bench: "sandbox", cores: availableParallelism(), sandbox, reference, barMs, good }),
    );
  } else {
    console.log(
      `${jobs} jobs of ${milliseconds} ms CPU, ${concurrency} at a time; delay of the worker's event loop:`,
    );
    console.log(
      `  in the sandbox        p50 ${sandbox.p50Ms} ms, p99 ${sandbox.p99Ms} ms, max ${sandbox.maxMs} ms (${sandbox.seconds} s)`,
    );
    console.log(
      `  on the loop (reference) p50 ${reference.p50Ms} ms, p99 ${reference.p99Ms} ms, max ${reference.maxMs} ms (${reference.seconds} s)`,
    );
    console.log(`  ${good ? "good" : "MISSED"}: p99 ${good ? "<" : ">="} ${barMs} ms`);
  }
  process.exitCode = good ? 0 : 1;
} finally {
  await scope.stop();
}

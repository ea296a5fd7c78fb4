/**
 * The demo's worker: the built-in `sleep`, which writes down when each execution starts and how it ends before anything
 * is acknowledged, so that the account survives SIGKILL. One first attempt in fifty fails, to show the retries.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sleepContract } from "../src/jobs/sleep-contract.ts";
import type { WorkerRecord } from "./account.ts";

const file = join(process.env["MILLRACE_DEMO_ACCOUNT"] ?? ".", `worker-${process.pid}.jsonl`);
const write = (record: WorkerRecord): void => appendFileSync(file, `${JSON.stringify(record)}\n`);

const failsOnce = (id: string, attempt: number): boolean =>
  attempt === 1 && Number.parseInt(id.slice(-4), 16) % 50 === 0;

export const sleepHandler = sleepContract.handle(async ({ seconds }, { job, signal }) => {
  const execution = randomUUID();
  const end = (outcome: "succeeded" | "failed" | "interrupted"): void =>
    write({ kind: "ended", id: job.id, execution, atMs: Date.now(), outcome });
  write({ kind: "started", id: job.id, execution, attempt: job.attempt, atMs: Date.now() });
  try {
    await delay(seconds * 1000, undefined, { signal });
  } catch (error) {
    end("interrupted");
    throw error;
  }
  if (failsOnce(job.id, job.attempt)) {
    end("failed");
    throw new Error("the demo lets one first attempt in fifty fail");
  }
  end("succeeded");
});

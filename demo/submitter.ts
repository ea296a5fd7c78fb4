import { appendFileSync } from "node:fs";
import type { AcceptedJob } from "./account.ts";
import type { PlannedJob } from "./load-plan.ts";

export type Submitter = {
  /** Submits each job at its time, open loop; resolves when the last answer is there or the signal is aborted. */
  run(jobs: readonly PlannedJob[], signal: AbortSignal): Promise<void>;
  readonly accepted: readonly AcceptedJob[];
  /** Requests that were not answered with 202, by what was answered instead. */
  readonly refused: ReadonlyMap<string, number>;
};

type SubmitterOptions = {
  /** Of the gateway. */
  readonly url: string;
  /** Each accepted job is appended here, one JSON line. */
  readonly file: string;
  /** When the load began, ms since 1970. */
  readonly startedAtMs: number;
};

const waitUntil = (atMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, atMs - Date.now()));
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });

export const createSubmitter = (options: SubmitterOptions): Submitter => {
  const accepted: AcceptedJob[] = [];
  const refused = new Map<string, number>();
  const refuse = (why: string): void => void refused.set(why, (refused.get(why) ?? 0) + 1);

  const submit = async (job: PlannedJob): Promise<void> => {
    const sentAtMs = Date.now();
    try {
      const response = await fetch(`${options.url}/v1/jobs/sleep`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ seconds: Number(job.serviceSeconds.toFixed(3)) }),
        signal: AbortSignal.timeout(30_000),
      });
      const body = (await response.json()) as { readonly id?: string; readonly code?: string };
      if (response.status !== 202 || body.id === undefined)
        return refuse(`${response.status} ${body.code ?? ""}`);
      const line: AcceptedJob = { ...job, id: body.id, sentAtMs };
      appendFileSync(options.file, `${JSON.stringify(line)}\n`);
      accepted.push(line);
    } catch (error) {
      refuse(error instanceof Error ? error.message : String(error));
    }
  };

  return {
    accepted,
    refused,
    async run(jobs, signal) {
      const answers: Promise<void>[] = [];
      for (const job of jobs) {
        await waitUntil(options.startedAtMs + job.atSeconds * 1000, signal);
        if (signal.aborted) break;
        answers.push(submit(job));
      }
      await Promise.all(answers);
    },
  };
};

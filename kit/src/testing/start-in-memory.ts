import type { Job, JobHandler } from "../job/define-job.ts";
import type { AbortReason, Outcome } from "../job/outcome.ts";
import { execute } from "../worker/execute.ts";
import { Interruption } from "../worker/interruption.ts";
import { SandboxPool } from "../worker/sandbox-pool.ts";

export type InMemoryOptions = {
  /** What the handler is told of its job. Default: run 1, attempt 1 and an id of zeros. */
  readonly job?: Partial<Pick<Job, "id" | "run" | "attempt" | "traceparent">>;
  /** As the worker's. Default 2. */
  readonly abortGraceSeconds?: number;
};

/** One attempt of one job, running. */
export type InMemoryRun = {
  /** How it ended, as a worker would see it; a payload that does not fit the contract is `dead`. Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Aborts the handler's signal, as a draining worker or a time-out would. */
  interrupt(reason: AbortReason): void;
};

/** Runs a handler once, as a worker would, without a broker. */
export function startInMemory(
  handler: JobHandler,
  payload: unknown,
  options: InMemoryOptions = {},
): InMemoryRun {
  const { contract } = handler;
  const job: Job = {
    id: "00000000-0000-7000-8000-000000000000",
    type: contract.type,
    run: 1,
    attempt: 1,
    ...options.job,
  };
  const interruption = new Interruption();
  const prepared = handler.prepare(payload);
  return {
    interrupt: (reason) => interruption.abort(reason),
    outcome:
      prepared.kind === "invalid"
        ? Promise.resolve({ kind: "dead", error: prepared.error })
        : withSandboxes(async (runSandbox) =>
            execute(prepared, {
              job,
              contract,
              interruption,
              abortGraceMs: (options.abortGraceSeconds ?? 2) * 1_000,
              runSandbox,
            }),
          ),
  };
}

async function withSandboxes(use: (run: SandboxPool["run"]) => Promise<Outcome>): Promise<Outcome> {
  const sandboxes = new SandboxPool();
  try {
    return await use((work, signal) => sandboxes.run(work, signal));
  } finally {
    await sandboxes.stop();
  }
}

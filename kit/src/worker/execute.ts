import { type Job, type JobType, type Prepared, schemaError } from "../job/define-job.ts";
import { toJobError } from "../job/job-error.ts";
import { type AbortReason, type Outcome, outcomeOfThrown } from "../job/outcome.ts";

/** Runs a sandbox module's `run`; rejects with what it threw. */
export type RunSandbox = (
  work: { readonly module: URL; readonly payload: unknown; readonly job: Job },
  signal: AbortSignal,
) => Promise<unknown>;

export type ExecuteOptions = {
  readonly job: Job;
  readonly contract: JobType;
  /** The handler's signal is this controller's. */
  readonly controller: AbortController;
  /** A handler that ignores its abort is given up after so long. */
  readonly abortGraceMs: number;
  readonly runSandbox: RunSandbox;
  /** Called when a handler that was given up ends after all. */
  readonly onGivenUp?: (ended: Promise<void>) => void;
};

/** Runs a prepared job to its outcome. Never rejects, and ends at the latest `abortGraceMs` after an abort. */
export async function execute(
  prepared: Exclude<Prepared, { kind: "invalid" }>,
  options: ExecuteOptions,
): Promise<Outcome> {
  const { controller, contract, abortGraceMs } = options;
  const { signal } = controller;
  const timer =
    contract.timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => controller.abort("timeout" satisfies AbortReason), contract.timeoutSeconds * 1_000);
  const givenUp = Promise.withResolvers<Outcome>();
  let graceTimer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    graceTimer = setTimeout(() => {
      options.onGivenUp?.(handler.then(() => {}));
      givenUp.resolve(outcomeOfThrown(signal.reason, abortReason(signal)));
    }, abortGraceMs);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const handler = runHandler(prepared, options);
  try {
    return await Promise.race([handler, givenUp.promise]);
  } finally {
    clearTimeout(timer);
    clearTimeout(graceTimer);
    signal.removeEventListener("abort", onAbort);
  }
}

async function runHandler(
  prepared: Exclude<Prepared, { kind: "invalid" }>,
  { job, contract, controller, runSandbox }: ExecuteOptions,
): Promise<Outcome> {
  const { signal } = controller;
  try {
    const returned: unknown = await (prepared.kind === "function"
      ? prepared.run({ job, signal })
      : runSandbox({ module: prepared.module, payload: prepared.payload, job }, signal));
    return outcomeOfReturned(contract, returned);
  } catch (thrown) {
    return outcomeOfThrown(thrown, abortReason(signal));
  }
}

function outcomeOfReturned(contract: JobType, returned: unknown): Outcome {
  let result = returned;
  if (contract.result !== undefined) {
    const parsed = contract.result.safeParse(returned);
    if (!parsed.success) return { kind: "dead", error: schemaError("result-invalid", parsed.error) };
    result = parsed.data;
  }
  try {
    JSON.stringify(result);
  } catch (error) {
    return { kind: "dead", error: toJobError(error, "result-invalid") }; // cyclic, or a BigInt
  }
  return { kind: "succeeded", result };
}

function abortReason(signal: AbortSignal): AbortReason | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason === "draining" ? "draining" : "timeout";
}

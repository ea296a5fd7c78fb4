import { type Job, type JobContext, type JobType, type Prepared, schemaError } from "../job/define-job.ts";
import { toJobError } from "../job/job-error.ts";
import { type Outcome, outcomeOfThrown } from "../job/outcome.ts";
import type { Interruption } from "./interruption.ts";

/** Runs a sandbox module's `run`; rejects with what it threw. */
export type RunSandbox = (
  work: { readonly module: URL; readonly payload: unknown; readonly job: Job },
  signal: AbortSignal,
) => Promise<unknown>;

export type ExecuteOptions = {
  readonly job: Job;
  readonly contract: JobType;
  readonly interruption: Interruption;
  /** A handler that ignores its abort is given up after so long. */
  readonly abortGraceMs: number;
  readonly runSandbox: RunSandbox;
  /** Called when a handler is given up, with its end. */
  readonly onGivenUp?: (ended: Promise<void>) => void;
};

/**
 * Runs a prepared job to its outcome, at once where the handler returns at once. Neither throws nor rejects, and a
 * promise ends at the latest `abortGraceMs` after an abort.
 */
export function execute(
  prepared: Exclude<Prepared, { kind: "invalid" }>,
  options: ExecuteOptions,
): Outcome | Promise<Outcome> {
  const { job, contract, interruption } = options;
  let returned: unknown;
  try {
    returned = prepared.kind === "function" ? prepared.run(new HandlerContext(job, interruption)) : undefined;
  } catch (thrown) {
    return outcomeOfThrown(thrown, interruption.reason);
  }
  if (prepared.kind === "sandbox") {
    const { module, payload } = prepared;
    returned = options.runSandbox({ module, payload, job }, interruption.signal);
  }
  if (!isPromiseLike(returned)) return outcomeOfReturned(contract, returned);
  return untilOver(outcomeOf(returned, options), options);
}

/** A class, as an accessor of its prototype costs nothing to make. Destructuring reads it as any other property. */
class HandlerContext implements JobContext {
  readonly job: Job;
  readonly #interruption: Interruption;

  constructor(job: Job, interruption: Interruption) {
    this.job = job;
    this.#interruption = interruption;
  }

  get signal(): AbortSignal {
    return this.#interruption.signal;
  }
}

async function outcomeOf(returned: PromiseLike<unknown>, options: ExecuteOptions): Promise<Outcome> {
  try {
    return outcomeOfReturned(options.contract, await returned);
  } catch (thrown) {
    return outcomeOfThrown(thrown, options.interruption.reason);
  }
}

async function untilOver(handler: Promise<Outcome>, options: ExecuteOptions): Promise<Outcome> {
  const { contract, interruption, abortGraceMs } = options;
  const givenUp = Promise.withResolvers<Outcome>();
  const { timeoutSeconds } = contract;
  const timer =
    timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => interruption.abort("timeout"), timeoutSeconds * 1_000);
  let graceTimer: NodeJS.Timeout | undefined;
  interruption.onAbort(() => {
    graceTimer = setTimeout(() => {
      options.onGivenUp?.(handler.then(() => {}));
      givenUp.resolve(outcomeOfThrown(interruption.reason, interruption.reason));
    }, abortGraceMs);
  });
  try {
    return await Promise.race([handler, givenUp.promise]);
  } finally {
    clearTimeout(timer);
    clearTimeout(graceTimer);
    interruption.onAbort(undefined);
  }
}

function outcomeOfReturned(contract: JobType, returned: unknown): Outcome {
  let result = returned;
  if (contract.result !== undefined) {
    const parsed = contract.result.safeParse(returned);
    if (!parsed.success) return { kind: "dead", error: schemaError("result-invalid", parsed.error) };
    result = parsed.data;
  }
  if (result === undefined) return { kind: "succeeded", result };
  try {
    JSON.stringify(result);
  } catch (error) {
    return { kind: "dead", error: toJobError(error, "result-invalid") }; // cyclic, or a BigInt
  }
  return { kind: "succeeded", result };
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

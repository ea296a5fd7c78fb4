import type { z } from "zod";
import { type JobError, toJobError } from "./job-error.ts";

export const DEFAULT_ATTEMPTS = 5;

export type JobDefinition<P extends z.ZodType, R extends z.ZodType> = {
  /** Names the queue too: letters, digits, `.`, `_` and `-`, at most 100 characters, as in `image.blur`. */
  readonly type: string;
  /** Checked where the job is submitted, and applied, transforms included, only by the worker. */
  readonly payload: P;
  /** What the handler must return. Without it the result is kept as it is, when it can be written as JSON. */
  readonly result?: R;
  /** Attempts in all before the dead letters; interruptions do not count. Default 5. */
  readonly attempts?: number;
  /** After so long the handler's signal is aborted with `timeout` and the attempt has failed. Default: no limit. */
  readonly timeoutSeconds?: number;
};

/** What a handler is told of the job it runs. */
export type Job = {
  readonly id: string;
  readonly type: string;
  /** From 1; a redrive out of the dead letters starts the next run. */
  readonly run: number;
  /** From 1 in each run. */
  readonly attempt: number;
  /** W3C trace context of the submitter. */
  readonly traceparent?: string;
};

export type JobContext = {
  readonly job: Job;
  /** Aborted when the job must end early; its reason is an AbortReason. */
  readonly signal: AbortSignal;
};

export type HandlerOptions = {
  /** Jobs of this type at one time in one worker. Default: the worker's `concurrency`. */
  readonly concurrency?: number;
};

/** A module that exports `run`, run in a thread of its own so that CPU work does not stop the event loop. */
export type SandboxOptions = HandlerOptions & { readonly sandbox: URL };

/** The function of a handler, or of a sandbox module's `run` export. */
export type RunJob<P extends z.ZodType, R extends z.ZodType> = (
  payload: z.output<P>,
  context: JobContext,
) => Promise<z.input<R>> | z.input<R>;

/** One job type without its handler: all that submitters, the gateway and workers have to agree on. */
export type JobType = {
  readonly type: string;
  readonly payload: z.ZodType;
  readonly result: z.ZodType | undefined;
  readonly attempts: number;
  readonly timeoutSeconds: number | undefined;
};

/** A payload that a handler may run with, or why it may not. */
export type Prepared =
  | { readonly kind: "invalid"; readonly error: JobError }
  | { readonly kind: "function"; readonly run: (context: JobContext) => unknown }
  | { readonly kind: "sandbox"; readonly module: URL; readonly payload: unknown };

/** A job type with what runs it; only workers need it. */
export type JobHandler = {
  readonly contract: JobType;
  readonly concurrency: number | undefined;
  /** Applies the payload's schema, transforms included. */
  readonly prepare: (payload: unknown) => Prepared;
};

/** What `defineJob` gives: the job type, and how to make a handler for it. */
export type JobContract<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> = JobType & {
  readonly payload: P;
  readonly result: R | undefined;
  handle(run: RunJob<P, R>): JobHandler;
  handle(options: HandlerOptions, run: RunJob<P, R>): JobHandler;
  handle(options: SandboxOptions): JobHandler;
};

/** @throws RangeError naming what is wrong with the definition */
export function defineJob<P extends z.ZodType, R extends z.ZodType = z.ZodType>(
  definition: JobDefinition<P, R>,
): JobContract<P, R> {
  const { type, payload, result, attempts = DEFAULT_ATTEMPTS, timeoutSeconds } = definition;
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(type)) {
    throw new RangeError(
      `type: expected 1 to 100 letters, digits, ".", "_" or "-", got ${JSON.stringify(type)}`,
    );
  }
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new RangeError(`attempts of ${type}: expected a whole number from 1, got ${attempts}`);
  }
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMEOUT_SECONDS)) {
    throw new RangeError(
      `timeoutSeconds of ${type}: expected more than 0 and at most ${MAX_TIMEOUT_SECONDS}, got ${timeoutSeconds}`,
    );
  }
  const contract: JobContract<P, R> = {
    type,
    payload,
    result,
    attempts,
    timeoutSeconds,
    handle: (first: RunJob<P, R> | HandlerOptions | SandboxOptions, second?: RunJob<P, R>): JobHandler =>
      handlerOf(contract, first, second),
  };
  return Object.freeze(contract);
}

/** A day: far beyond the broker's consumer time-out (30 minutes by default), and below what a timer can hold. */
const MAX_TIMEOUT_SECONDS = 86_400;

function handlerOf<P extends z.ZodType, R extends z.ZodType>(
  contract: JobContract<P, R>,
  first: RunJob<P, R> | HandlerOptions | SandboxOptions,
  second: RunJob<P, R> | undefined,
): JobHandler {
  const options: HandlerOptions & { readonly sandbox?: URL } = typeof first === "function" ? {} : first;
  const run = typeof first === "function" ? first : second;
  const { concurrency, sandbox: module } = options;
  if (concurrency !== undefined && (!Number.isInteger(concurrency) || concurrency < 1)) {
    throw new RangeError(
      `concurrency of ${contract.type}: expected a whole number from 1, got ${concurrency}`,
    );
  }
  if (run === undefined && module === undefined) {
    throw new TypeError(`handle of ${contract.type}: expected a function or a sandbox module`);
  }
  const prepare = (payload: unknown): Prepared => {
    const parsed = contract.payload.safeParse(payload);
    if (!parsed.success) return { kind: "invalid", error: schemaError("payload-invalid", parsed.error) };
    const { data } = parsed;
    if (module !== undefined) return { kind: "sandbox", module, payload: data };
    return { kind: "function", run: (context) => run?.(data, context) };
  };
  return Object.freeze({ contract, concurrency, prepare });
}

/** Names each failing field: `payload.width: expected number`. */
export function schemaError(code: "payload-invalid" | "result-invalid", error: z.ZodError): JobError {
  const problems = error.issues.map((issue) => {
    const place = issue.path.map(String).join(".");
    return place === "" ? issue.message : `${place}: ${issue.message}`;
  });
  return toJobError(problems.join("; "), code);
}

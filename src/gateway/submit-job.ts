import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { JobContract } from "../../kit/src/job/define-job.ts";
import type { Logger } from "../../kit/src/logger.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type ErrorCode, ProblemError } from "./errors.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { GatewayOptions } from "./options.ts";
import type {
  IdempotencyKey,
  JobPublisher,
  JobStore,
  NewJob,
  PublishOutcome,
  StoredStatus,
} from "./ports.ts";
import { validatePayload } from "./validate-payload.ts";

export type SubmitDeps = {
  readonly store: JobStore;
  readonly publisher: JobPublisher;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** A UUIDv7 that was not given before. */
  readonly newId: () => string;
};

export type Submission = {
  readonly contract: JobContract;
  /** As parsed, only for checks. */
  readonly payload: unknown;
  /** The JSON text, forwarded as it is. */
  readonly raw: string;
  readonly idempotencyKey: string | undefined;
  readonly traceparent: string | undefined;
};

export type Accepted = { readonly id: string; readonly status: StoredStatus; readonly replayed: boolean };

/** Everybody, until there is authentication. */
const SUBJECT = "anonymous";
const REPLAY_POLL_MS = 25;

const REFUSALS: Readonly<
  Record<Exclude<PublishOutcome, "confirmed" | "unknown">, { code: ErrorCode; detail: string }>
> = {
  full: { code: "queue-full", detail: "the queue of this type is at its limit; the job was not taken" },
  unroutable: {
    code: "queue-missing",
    detail: "the broker has no queue for this type; the job was not taken",
  },
  away: { code: "broker-away", detail: "there is no connection to the broker; the job was not taken" },
  blocked: { code: "broker-blocked", detail: "the broker takes no messages now; the job was not taken" },
};

/**
 * Takes one job in: checks it, commits its row, publishes it, and answers once the broker confirmed.
 *
 * @throws ProblemError for each way in which that does not come about
 * @throws StoreUnavailableError when the row could not be written; the job was not taken
 */
export async function submitJob(
  deps: SubmitDeps,
  options: GatewayOptions,
  submission: Submission,
): Promise<Accepted> {
  const { contract, payload } = submission;
  await validatePayload(contract, payload);
  const idempotency = idempotencyOf(submission);
  const state = deps.publisher.state();
  if (state !== "open") throw new ProblemError(REFUSALS[state].code, { detail: REFUSALS[state].detail });
  const job: NewJob = {
    id: deps.newId(),
    type: contract.type,
    subject: SUBJECT,
    payload: submission.raw,
    traceparent: submission.traceparent,
    submittedAtMs: deps.nowMs(),
    idempotency,
  };
  const inserted = await deps.store.insert(job);
  if (inserted.kind === "inserted") return publishNew(deps, job);
  if (inserted.kind === "replayed") return awaitFirst(deps, options, inserted.id);
  throw new ProblemError("idempotency-key-reused", {
    detail: `the key was used for job ${inserted.id} with another payload`,
    id: inserted.id,
  });
}

function idempotencyOf({ idempotencyKey: key, payload }: Submission): IdempotencyKey | undefined {
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new ProblemError("idempotency-key-invalid", {
      detail: "Idempotency-Key: expected 1 to 255 visible ASCII characters",
    });
  }
  try {
    return { key, inputHash: createHash("sha256").update(canonicalJson(payload)).digest("base64") };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ProblemError("payload-invalid", { detail: `the payload is ${cause.message}`, cause });
  }
}

async function publishNew(deps: SubmitDeps, job: NewJob): Promise<Accepted> {
  const { store, publisher, metrics, log } = deps;
  const endTimer = metrics.confirmSeconds.startTimer();
  const outcome = await publisher.publish(job);
  if (outcome === "confirmed") {
    endTimer();
    // Not waited for: the broker has the job. A mark that is lost makes the sweeper publish it once more.
    store.markPublished(job.id).catch((error: unknown) => {
      log.warn({ err: error, id: job.id }, "could not mark a confirmed job, it may be published twice");
    });
    metrics.accepted.inc({ type: job.type });
    return { id: job.id, status: "queued", replayed: false };
  }
  if (outcome === "unknown") throw outcomeUnknown(job.id);
  try {
    await store.reject(job.id);
  } catch (error) {
    log.warn({ err: error, id: job.id }, "could not reject a refused job, the sweeper will publish it");
    throw outcomeUnknown(job.id);
  }
  throw new ProblemError(REFUSALS[outcome].code, { detail: REFUSALS[outcome].detail, id: job.id });
}

/** A replay of a key: the first submission may still be on its way to the broker, in this gateway or in another. */
async function awaitFirst(deps: SubmitDeps, options: GatewayOptions, id: string): Promise<Accepted> {
  const deadlineMs = deps.nowMs() + options.replayWaitMs;
  for (;;) {
    const first = await deps.store.find(id);
    if (first === undefined || first.status === "rejected") {
      throw new ProblemError("submission-refused", {
        detail: "the broker refused the first submission with this key; the key is free again",
        id,
      });
    }
    if (first.publishedAtMs !== undefined) return { id, status: first.status, replayed: true };
    if (deps.nowMs() >= deadlineMs) throw outcomeUnknown(id);
    await delay(REPLAY_POLL_MS);
  }
}

function outcomeUnknown(id: string): ProblemError {
  return new ProblemError("outcome-unknown", {
    detail: `no confirm came for job ${id}; it is kept and will be published again under the same id`,
    id,
  });
}

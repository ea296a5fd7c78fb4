import type { JobError } from "./job-error.ts";
import type { Outcome } from "./outcome.ts";
import { retryStep, stepAtLeast } from "./retry-step.ts";

/**
 * What is to be done with a delivery, decided from its outcome.
 * - ack: the job is done
 * - delay: publish a copy with `attempt` to the delay step, await the confirm, then ack
 * - dead-letter: publish a copy to the dead letters, await the confirm, then ack
 * - requeue: give it back as it is, the attempt not counted
 */
export type Settlement =
  | { readonly kind: "ack"; readonly result: unknown }
  | {
      readonly kind: "delay";
      readonly counted: boolean;
      readonly attempt: number;
      readonly stepMs: number;
      readonly error: JobError;
    }
  | { readonly kind: "dead-letter"; readonly error: JobError }
  | { readonly kind: "requeue" };

export type RetryPolicy = {
  /** Attempts in all, at least 1. */
  readonly attempts: number;
  /** Ascending, at least one. */
  readonly stepsMs: readonly number[];
  /** In [0, 1), drawn for this settlement. */
  readonly random: number;
};

/** @param attempt the attempt that ended so, from 1 */
export function settlementFor(outcome: Outcome, attempt: number, policy: RetryPolicy): Settlement {
  if (outcome.kind === "succeeded") return { kind: "ack", result: outcome.result };
  if (outcome.kind === "interrupted") return { kind: "requeue" };
  const { kind, error } = outcome;
  if (kind === "dead") return { kind: "dead-letter", error };
  if (kind === "snoozed") {
    return {
      kind: "delay",
      counted: false,
      attempt,
      stepMs: stepAtLeast(policy.stepsMs, outcome.minDelayMs),
      error,
    };
  }
  if (attempt >= policy.attempts) return { kind: "dead-letter", error };
  const stepMs =
    outcome.minDelayMs === undefined
      ? retryStep(policy.stepsMs, attempt, policy.random)
      : stepAtLeast(policy.stepsMs, outcome.minDelayMs);
  return { kind: "delay", counted: true, attempt: attempt + 1, stepMs, error };
}

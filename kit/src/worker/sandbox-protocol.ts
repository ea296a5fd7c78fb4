import type { AbortReason } from "../job/outcome.ts";
import type { Job } from "../job/define-job.ts";

/** From the pool to a thread, by structured clone. */
export type ToThread =
  | { readonly kind: "run"; readonly payload: unknown; readonly job: Job }
  | { readonly kind: "abort"; readonly reason: AbortReason };

/** From a thread to the pool. An error travels as its parts: its class does not survive the way. */
export type FromThread =
  | { readonly kind: "returned"; readonly result: unknown }
  | { readonly kind: "threw"; readonly thrown: ThrownParts };

export type ThrownParts =
  | { readonly kind: "value"; readonly text: string }
  | {
      readonly kind: "error";
      readonly message: string;
      readonly stack: string | undefined;
      readonly code: string | undefined;
      /** Of RetryAfter and Snooze. */
      readonly seconds: number | undefined;
    };

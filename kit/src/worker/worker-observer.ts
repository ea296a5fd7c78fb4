import type { Job } from "../job/define-job.ts";
import type { Outcome } from "../job/outcome.ts";
import type { Settlement } from "../job/settlement.ts";

/**
 * Called at the named moments of each job, for tracing, audits and tests. What `beforeAck` returns is awaited; a throw
 * is logged and changes nothing.
 */
export type WorkerObserver = {
  handlerStarted?(job: Job): void;
  handlerEnded?(job: Job, outcome: Outcome): void;
  /** What had to be published is confirmed; the delivery is acked next. */
  beforeAck?(job: Job, settlement: Settlement): void | Promise<void>;
  /** @param done false when the delivery was lost with its channel: the broker delivers the job again */
  settled?(job: Job, settlement: Settlement, done: boolean): void;
};

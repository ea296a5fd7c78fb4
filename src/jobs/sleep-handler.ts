import { setTimeout as delay } from "node:timers/promises";
import type { JobHandler } from "../../kit/src/job/define-job.ts";
import { sleepContract } from "./sleep-contract.ts";

/** Ends early, with the signal's reason, when its signal is aborted. */
export const sleepHandler: JobHandler = sleepContract.handle(async ({ seconds }, { signal }) => {
  signal.throwIfAborted();
  await delay(seconds * 1_000, undefined, { signal });
});

import { assembleWorker, REAL_PARTS, type Worker } from "./assemble-worker.ts";
import type { WorkerOptions } from "./options.ts";

/**
 * A worker that takes jobs from their queues, runs them, and settles each once. Leaves process signals alone: call
 * `stop()` to drain, or use `runWorker`.
 *
 * @throws ConfigError naming every option that is wrong
 */
export function createWorker(options: WorkerOptions): Worker {
  return assembleWorker(options, REAL_PARTS);
}

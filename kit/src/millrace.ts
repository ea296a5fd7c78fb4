export type { TopologyOptions } from "./amqp/topology.ts";
export { createClient, type Client, type ClientOptions, type SubmitOptions } from "./client/client.ts";
export { createHttpClient, type HttpClient, type HttpClientOptions } from "./client/http-client.ts";
export { SubmitError, type SubmitErrorCode } from "./client/submit-error.ts";
export { ConfigError } from "./config-error.ts";
export {
  defineJob,
  type HandlerOptions,
  type Job,
  type JobContext,
  type JobContract,
  type JobDefinition,
  type JobHandler,
  type JobType,
  type RunJob,
  type SandboxOptions,
} from "./job/define-job.ts";
export type { JobError } from "./job/job-error.ts";
export { type AbortReason, DeadLetter, type Outcome, RetryAfter, Snooze } from "./job/outcome.ts";
export type { Settlement } from "./job/settlement.ts";
export type { Logger } from "./logger.ts";
export type { Service } from "./service.ts";
export type { Worker } from "./worker/assemble-worker.ts";
export { createWorker } from "./worker/create-worker.ts";
export { WORKER_METRICS } from "./worker/metric-names.ts";
export type { WorkerOptions } from "./worker/options.ts";
export { runWorker, type RunWorkerOptions } from "./worker/run-worker.ts";
export type { WorkerObserver } from "./worker/worker-observer.ts";

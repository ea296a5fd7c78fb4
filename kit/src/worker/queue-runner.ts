import type { Delivery } from "../amqp/consumer.ts";
import type { JobHandler, Prepared } from "../job/define-job.ts";
import { decodeEnvelope, type Envelope } from "../job/envelope.ts";
import { type JobError, toJobError } from "../job/job-error.ts";
import type { Outcome } from "../job/outcome.ts";
import { settlementFor } from "../job/settlement.ts";
import type { Logger } from "../logger.ts";
import { Claim } from "./claim.ts";
import { execute, type RunSandbox } from "./execute.ts";
import type { ProcessedStatus } from "./metric-names.ts";
import type { QueueMetrics } from "./metrics.ts";
import type { RunningJob } from "./queue-activity.ts";
import { isSameAttempt, RecentJobs } from "./recent-jobs.ts";
import type { Settler } from "./settler.ts";
import { Slots } from "./slots.ts";
import type { WorkerObserver } from "./worker-observer.ts";

export type QueueRunnerOptions = {
  readonly handler: JobHandler;
  readonly queue: string;
  readonly concurrency: number;
  readonly settler: Settler;
  readonly metrics: QueueMetrics;
  readonly delayStepsMs: readonly number[];
  readonly abortGraceMs: number;
  readonly runSandbox: RunSandbox;
  readonly logger: Logger;
  readonly observer: WorkerObserver;
  /** In [0, 1) */
  readonly random: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Settled jobs that are remembered, for redeliveries of those whose ack was lost. */
const RECENT_JOBS = 1_000;

/** The jobs of one queue in this worker: claim, run, settle. */
export class QueueRunner {
  readonly queue: string;
  readonly concurrency: number;
  readonly #options: QueueRunnerOptions;
  readonly #slots: Slots;
  readonly #running = new Set<Claim>();
  readonly #recent = new RecentJobs(RECENT_JOBS);
  readonly #whenFinished: (() => void)[] = [];
  #taken = 0;
  #draining = false;
  /** Handlers that were given up and still run. */
  #lost = 0;

  constructor(options: QueueRunnerOptions) {
    this.#options = options;
    this.queue = options.queue;
    this.concurrency = options.concurrency;
    this.#slots = new Slots(options.concurrency);
  }

  /** Deliveries taken and not settled yet. */
  get taken(): number {
    return this.#taken;
  }

  /** As many handlers as there are slots ignore their abort: only a new process helps. */
  get isLost(): boolean {
    return this.#lost >= this.concurrency;
  }

  /** Settles the delivery, sooner or later; never throws. */
  take(delivery: Delivery): void {
    this.#taken += 1;
    try {
      const settled = this.#settle(delivery);
      if (settled === undefined) this.#finish();
      else
        void settled.catch((error: unknown) => this.#giveBack(delivery, error)).finally(() => this.#finish());
    } catch (error) {
      this.#giveBack(delivery, error);
      this.#finish();
    }
  }

  #giveBack(delivery: Delivery, error: unknown): void {
    this.#options.logger.error({ error, queue: this.queue }, "a delivery could not be settled");
    delivery.requeue();
  }

  #finish(): void {
    this.#taken -= 1;
    if (this.#taken === 0) for (const resolve of this.#whenFinished.splice(0)) resolve();
  }

  /** From now on what has not been started goes back to the queue. */
  drain(): void {
    this.#draining = true;
  }

  /** Aborts the running handlers, through no fault of their jobs. */
  interrupt(): void {
    for (const claim of this.#running) claim.interruption.abort("draining");
  }

  /** Resolves once nothing is taken. */
  async finished(): Promise<void> {
    if (this.#taken === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenFinished.push(resolve);
    await promise;
  }

  /** Nothing when it was settled at once: what a no-op job costs is mostly its promises. */
  #settle(delivery: Delivery): Promise<void> | undefined {
    const decoded = decodeEnvelope(delivery.properties);
    if (decoded.kind === "invalid") {
      return this.#reject(delivery, undefined, { code: "envelope-invalid", message: decoded.reason });
    }
    const { envelope } = decoded;
    if (delivery.redelivered && this.#isKnown(envelope, delivery)) return undefined;
    const prepared = this.#prepare(envelope, delivery.body);
    if (prepared.kind === "invalid") return this.#reject(delivery, envelope, prepared.error);
    const claim = new Claim(this.queue, envelope, delivery);
    if (this.#slots.tryTake()) return this.#run(claim, prepared);
    return this.#slots.take().then(() => this.#run(claim, prepared));
  }

  /** A redelivery of what still runs here replaces the lost delivery; of what was settled here, it needs only the ack. */
  #isKnown(envelope: Envelope, delivery: Delivery): boolean {
    for (const claim of this.#running) {
      if (isSameAttempt(claim.envelope, envelope) && claim.adopt(delivery)) return true;
    }
    if (!this.#recent.has(envelope)) return false;
    delivery.ack();
    return true;
  }

  #prepare(envelope: Envelope, body: Buffer): Prepared {
    const { handler } = this.#options;
    if (envelope.type !== handler.contract.type) {
      const message = `expected ${handler.contract.type} on ${this.queue}, got ${envelope.type}`;
      return { kind: "invalid", error: { code: "type-unknown", message } };
    }
    let payload: unknown;
    try {
      payload = JSON.parse(body.toString("utf8"));
    } catch (error) {
      return { kind: "invalid", error: { ...toJobError(error), code: "body-invalid" } };
    }
    return handler.prepare(payload);
  }

  async #reject(delivery: Delivery, envelope: Envelope | undefined, error: JobError): Promise<void> {
    const { metrics, settler, logger, handler } = this.#options;
    logger.warn(
      { queue: this.queue, id: delivery.properties.messageId, error },
      "rejected a job that cannot be run",
    );
    metrics.rejected(envelope?.type === handler.contract.type ? "own" : "unknown");
    await settler.reject(this.queue, delivery, envelope, error);
  }

  /** In a slot, which it gives back. */
  #run(claim: Claim, prepared: Exclude<Prepared, { kind: "invalid" }>): Promise<void> | undefined {
    try {
      return this.#begin(claim, prepared);
    } catch (error) {
      this.#release(claim, false);
      throw error;
    }
  }

  #begin(claim: Claim, prepared: Exclude<Prepared, { kind: "invalid" }>): Promise<void> | undefined {
    const { settler, metrics, observer } = this.#options;
    if (this.#draining || claim.delivery.lost.aborted) {
      this.#slots.release();
      claim.delivery.requeue();
      return undefined;
    }
    this.#running.add(claim);
    const running = metrics.started(claim.job, this.#waitSeconds(claim));
    settler.tell(claim.envelope, "started", {});
    observer.handlerStarted?.(claim.job);
    const outcome = this.#execute(claim, prepared);
    if (outcome instanceof Promise) return this.#endLater(claim, running, outcome);
    const kept = this.#end(claim, running, outcome);
    if (typeof kept !== "boolean") return this.#releaseLater(claim, kept);
    this.#release(claim, kept);
    return undefined;
  }

  async #endLater(claim: Claim, running: RunningJob, outcome: Promise<Outcome>): Promise<void> {
    await this.#releaseLater(
      claim,
      outcome.then((ended) => this.#end(claim, running, ended)),
    );
  }

  async #releaseLater(claim: Claim, keeping: Promise<boolean>): Promise<void> {
    let kept = false;
    try {
      kept = await keeping;
    } finally {
      this.#release(claim, kept);
    }
  }

  /** @param kept what had to outlive the delivery is confirmed */
  #release(claim: Claim, kept: boolean): void {
    if (kept) this.#recent.add(claim.envelope);
    this.#running.delete(claim);
    this.#slots.release();
  }

  #end(claim: Claim, running: RunningJob, outcome: Outcome): boolean | Promise<boolean> {
    const { settler, metrics, handler, observer, random, delayStepsMs } = this.#options;
    const settlement = settlementFor(outcome, claim.envelope.attempt, {
      attempts: handler.contract.attempts,
      stepsMs: delayStepsMs,
      random: random(),
    });
    metrics.ended(running, settlement.kind === "dead-letter" ? "dead_lettered" : STATUS_OF[outcome.kind]);
    observer.handlerEnded?.(claim.job, outcome);
    return settler.settle(claim, settlement);
  }

  #execute(claim: Claim, prepared: Exclude<Prepared, { kind: "invalid" }>): Outcome | Promise<Outcome> {
    const { handler, abortGraceMs, runSandbox, logger } = this.#options;
    return execute(prepared, {
      job: claim.job,
      contract: handler.contract,
      interruption: claim.interruption,
      abortGraceMs,
      runSandbox,
      onGivenUp: (ended) => {
        this.#lost += 1;
        logger.error(
          { job: claim.job, lost: this.#lost },
          "a handler ignores its abort and runs on, unheard",
        );
        void ended.finally(() => {
          this.#lost -= 1;
        });
      },
    });
  }

  /** Only of the first attempt, first delivery: later ones waited for other reasons. */
  #waitSeconds({ envelope, delivery }: Claim): number | undefined {
    if (envelope.attempt !== 1 || delivery.redelivered || envelope.eligibleAtMs === undefined)
      return undefined;
    return Math.max(0, this.#options.now() - envelope.eligibleAtMs) / 1_000;
  }
}

const STATUS_OF: Readonly<Record<Outcome["kind"], ProcessedStatus>> = {
  succeeded: "succeeded",
  snoozed: "interrupted",
  interrupted: "interrupted",
  failed: "failed",
  dead: "dead_lettered",
};

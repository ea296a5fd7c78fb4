import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { JobPublisher, JobStore } from "./ports.ts";

export type SweeperDeps = {
  readonly store: JobStore;
  readonly publisher: JobPublisher;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
};

export type SweeperOptions = { readonly sweepPeriodMs: number; readonly leaseMs: number };

/** Rows in one sweep; what is left waits for the next one. */
const BATCH_COUNT = 200;

/**
 * Settles rows whose confirm never came (a crash, a lost link, a time-out): leases those that nobody leases any more
 * and publishes them again with the same id. What is refused stays, and comes up again when its lease has run out.
 */
export class Sweeper implements Service {
  readonly #deps: SweeperDeps;
  readonly #options: SweeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(deps: SweeperDeps, options: SweeperOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  async start(): Promise<void> {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** One sweep; answers how many rows were confirmed. Does nothing while the broker is blocked or away. */
  async sweep(): Promise<number> {
    const { store, publisher, metrics, log } = this.#deps;
    if (publisher.state() !== "open") return 0;
    const jobs = await store.leaseUnpublished(BATCH_COUNT, this.#options.leaseMs);
    const outcomes = await Promise.all(
      jobs.map(async (job) => {
        const outcome = await publisher.publish(job);
        metrics.swept.inc({ outcome });
        if (outcome === "confirmed") await store.markPublished(job.id);
        return outcome;
      }),
    );
    const confirmedCount = outcomes.filter((outcome) => outcome === "confirmed").length;
    if (jobs.length > 0)
      log.info({ leased: jobs.length, confirmed: confirmedCount }, "swept unpublished jobs");
    return confirmedCount;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.sweep()
        .then(() => undefined)
        .catch((error: unknown) => this.#deps.log.warn({ err: error }, "could not sweep, will try again"))
        .finally(() => this.#schedule());
    }, this.#options.sweepPeriodMs);
  }
}

import { setTimeout as delay } from "node:timers/promises";
import type { Registry } from "prom-client";
import { Consumer, type ConsumerOptions, type Delivery } from "../amqp/consumer.ts";
import type { LinkOptions } from "../amqp/link.ts";
import { createPublisher, type Publisher, type PublisherOptions } from "../amqp/publisher.ts";
import { assertDeadLetters, assertDelaySteps, assertJobQueue } from "../amqp/topology.ts";
import type { Service } from "../service.ts";
import { HeldPublish } from "./held-publish.ts";
import { createWorkerMetrics, type QueueMetrics } from "./metrics.ts";
import { compileWorkerOptions, type CompiledWorkerOptions, type WorkerOptions } from "./options.ts";
import { QueueDepth } from "./queue-depth.ts";
import { QueueRunner } from "./queue-runner.ts";
import { SandboxPool } from "./sandbox-pool.ts";
import { Settler } from "./settler.ts";

export type Worker = Service & {
  /** Resolves once the worker takes jobs; `start()` does not wait for the broker, who may be away for long. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Takes jobs now: attached to every queue, able to publish, not draining. */
  readonly isReady: boolean;
  /** The links' loops turn and no type has all of its slots lost to handlers that ignore their abort. The broker need not be up. */
  readonly isAlive: boolean;
  readonly registry: Registry;
};

/** What a worker is made of; tests put doubles in their place. */
export type WorkerParts = {
  readonly createPublisher: (options: PublisherOptions) => Publisher;
  readonly createConsumer: (options: ConsumerOptions) => Consumer;
};

export const REAL_PARTS: WorkerParts = {
  createPublisher,
  createConsumer: (options) => new Consumer(options),
};

/** No turn of a link's loop for so long means that it hangs: beyond the longest connect, close and back-off. */
const STUCK_AFTER_MS = 90_000;

/** @throws ConfigError naming every option that is wrong */
export function assembleWorker(options: WorkerOptions, parts: WorkerParts): Worker {
  return new JobWorker(compileWorkerOptions(options), parts);
}

class JobWorker implements Worker {
  readonly registry: Registry;
  readonly #options: CompiledWorkerOptions;
  readonly #publisher: Publisher;
  readonly #consumer: Consumer;
  readonly #sandboxes = new SandboxPool();
  readonly #runners: readonly QueueRunner[];
  readonly #depth: QueueDepth;
  readonly #held: HeldPublish;
  readonly #giveUpPublishing = new AbortController();
  readonly #turnedAtMs = new Map<string, number>();
  #phase: "new" | "running" | "draining" | "stopped" = "new";
  #stopping: Promise<void> | undefined;

  constructor(options: CompiledWorkerOptions, parts: WorkerParts) {
    this.#options = options;
    this.registry = options.registry;
    this.#publisher = parts.createPublisher({ link: this.#link("publish"), setUp: this.#declareTargets });
    this.#held = new HeldPublish({
      publisher: this.#publisher,
      logger: options.logger,
      random: options.random,
      stop: this.#giveUpPublishing.signal,
      onHolding: (holding) => this.#adjustConsumer(holding),
    });
    const metrics = this.#createMetrics();
    this.#runners = this.#createRunners(metrics);
    this.#consumer = parts.createConsumer({
      link: this.#link("consume"),
      setUp: async (channel, signal) => {
        await this.#publisher.ready(signal); // what cannot be told or retried is better not begun
        for (const { handler } of options.jobs) {
          await assertJobQueue(channel, options.topology, handler.contract.type);
        }
      },
      subscriptions: this.#runners.map((runner) => ({
        queue: runner.queue,
        prefetch: runner.concurrency,
        onDelivery: (delivery: Delivery) => runner.take(delivery),
      })),
    });
    this.#depth = new QueueDepth({
      consumer: this.#consumer,
      everyMs: options.depthEveryMs,
      queues: metrics,
    });
  }

  get isReady(): boolean {
    return this.#phase === "running" && this.#consumer.attached && this.#publisher.state === "ready";
  }

  get isAlive(): boolean {
    const nowMs = performance.now();
    const turns = [...this.#turnedAtMs.values()].every((atMs) => nowMs - atMs < STUCK_AFTER_MS);
    return this.#phase === "stopped" || (turns && this.#runners.every((runner) => !runner.isLost));
  }

  async ready(signal?: AbortSignal): Promise<void> {
    await this.#publisher.ready(signal);
    await this.#consumer.ready(signal);
  }

  async start(): Promise<void> {
    if (this.#phase !== "new") return;
    this.#phase = "running";
    await this.#publisher.start();
    await this.#consumer.start();
    this.#depth.start();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#drain();
    return this.#stopping;
  }

  async #drain(): Promise<void> {
    const { drainMs, abortGraceMs, logger } = this.#options;
    const wasRunning = this.#phase === "running";
    this.#phase = "draining";
    this.#depth.stop();
    if (wasRunning) {
      for (const runner of this.#runners) runner.drain();
      await within(this.#consumer.pause(), PAUSE_TIMEOUT_MS);
      if (!(await within(this.#finished(), drainMs))) {
        logger.warn({ running: this.#running() }, "drain time is over, interrupting the jobs that still run");
        for (const runner of this.#runners) runner.interrupt();
        // A job that ended but could not be told of goes back to its queue: it was not settled.
        this.#giveUpPublishing.abort();
        await within(this.#finished(), abortGraceMs + SETTLE_TIMEOUT_MS);
      }
      await within(this.#publisher.idle(), PUBLISH_TIMEOUT_MS);
    }
    this.#giveUpPublishing.abort();
    await this.#consumer.stop();
    await this.#publisher.stop();
    await this.#sandboxes.stop();
    this.#phase = "stopped";
  }

  async #finished(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.finished()));
  }

  #running(): number {
    return this.#runners.reduce((sum, runner) => sum + runner.taken, 0);
  }

  #adjustConsumer(holding: boolean): void {
    if (this.#phase !== "running") return;
    void (holding ? this.#consumer.pause() : this.#consumer.resume());
  }

  #link(role: string): LinkOptions {
    const { amqpUrl, logger, heartbeatSeconds, reconnect, name } = this.#options;
    return {
      url: amqpUrl,
      role: `${role} ${name}`,
      logger,
      heartbeatSeconds,
      backoff: reconnect,
      onTurn: () => this.#turnedAtMs.set(role, performance.now()),
    };
  }

  readonly #declareTargets: NonNullable<PublisherOptions["setUp"]> = async (channel) => {
    await assertDeadLetters(channel, this.#options.topology);
    await assertDelaySteps(channel, this.#options.topology);
  };

  #createMetrics(): ReadonlyMap<string, QueueMetrics> {
    const { registry, broker, vhost, objectiveWaitSeconds, jobs } = this.#options;
    const slotsOf = new Map(jobs.map(({ queue, concurrency }) => [queue, concurrency]));
    return createWorkerMetrics({
      registry,
      broker,
      vhost,
      objectiveWaitSeconds,
      queues: jobs.map(({ queue, handler }) => ({ queue, type: handler.contract.type })),
      now: Date.now,
      slots: (queue) =>
        this.#phase === "running" && this.#consumer.attached ? (slotsOf.get(queue) ?? 0) : 0,
      linkStates: () => ({ publish: this.#publisher.state, consume: this.#consumer.state }),
    });
  }

  #createRunners(metrics: ReadonlyMap<string, QueueMetrics>): readonly QueueRunner[] {
    const { topology, name, logger, observer, abortGraceMs, random } = this.#options;
    const settler = new Settler({
      publisher: this.#publisher,
      held: this.#held,
      topology,
      worker: name,
      logger,
      observer,
      now: Date.now,
    });
    return this.#options.jobs.map(({ handler, queue, concurrency }) => {
      const queueMetrics = metrics.get(queue);
      if (queueMetrics === undefined) throw new Error(`no metrics for ${queue}`);
      return new QueueRunner({
        handler,
        queue,
        concurrency,
        settler,
        metrics: queueMetrics,
        delayStepsMs: topology.delayStepsMs,
        abortGraceMs,
        runSandbox: (work, signal) => this.#sandboxes.run(work, signal),
        logger,
        observer,
        random,
        now: Date.now,
      });
    });
  }
}

const PAUSE_TIMEOUT_MS = 2_000;
/** For the settlements of what was interrupted: a republish near the delivery limit takes up to 2 s. */
const SETTLE_TIMEOUT_MS = 3_000;
const PUBLISH_TIMEOUT_MS = 2_000;

/** True when the work was done in time. */
async function within(work: Promise<void>, ms: number): Promise<boolean> {
  const timeout = new AbortController();
  const late = delay(ms, false, { signal: timeout.signal }).catch(() => false); // aborted: the work won
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timeout.abort();
  }
}

import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { Registry } from "prom-client";
import type { LinkOptions } from "../../kit/src/amqp/link.ts";
import { createPublisher, type Publisher } from "../../kit/src/amqp/publisher.ts";
import {
  assertDeadLetters,
  assertJobQueue,
  assertStateQueue,
  type Topology,
} from "../../kit/src/amqp/topology.ts";
import type { JobContract } from "../../kit/src/job/define-job.ts";
import { uuidV7 } from "../../kit/src/job/uuid-v7.ts";
import type { Logger } from "../../kit/src/logger.ts";
import { collectNodeMetrics } from "../../kit/src/node-metrics.ts";
import type { Service } from "../../kit/src/service.ts";
import { AmqpJobPublisher } from "./amqp-job-publisher.ts";
import { buildGateway } from "./build-gateway.ts";
import { createGatewayMetrics } from "./metrics.ts";
import type { GatewayOptions } from "./options.ts";
import type { JobStore } from "./ports.ts";
import { StateConsumer } from "./state-consumer.ts";
import { Sweeper } from "./sweeper.ts";

export type GatewayServerDeps = {
  readonly amqpUrl: string;
  /** Of both links to the broker; see LinkOptions for the defaults. */
  readonly link?: Pick<LinkOptions, "heartbeatSeconds" | "backoff">;
  readonly topology: Topology;
  readonly store: JobStore;
  readonly contracts: readonly JobContract[];
  /** Routes of the page; without it there is none. */
  readonly page?: FastifyPluginAsync;
  readonly log: Logger;
};

/** For requests that run when it stops; less than Kubernetes' grace of 30 s. */
const DRAIN_TIMEOUT_MS = 25_000;

/** A gateway in operation: the HTTP API listening, the sweeper, and the consumer of the state queue. */
export class GatewayServer implements Service {
  readonly #options: GatewayOptions;
  readonly #app: FastifyInstance;
  readonly #publisher: Publisher;
  readonly #sweeper: Sweeper;
  readonly #consumer: StateConsumer;
  #stopped: Promise<void> | undefined;

  constructor(deps: GatewayServerDeps, options: GatewayOptions) {
    this.#options = options;
    const { amqpUrl, topology, store, contracts, log } = deps;
    const link = { ...deps.link, url: amqpUrl, logger: log };
    const registry = new Registry();
    collectNodeMetrics(registry);
    const metrics = createGatewayMetrics(registry);
    const nowMs = (): number => Date.now();
    this.#publisher = createPublisher({
      link: { ...link, role: "gateway publisher" },
      confirmTimeoutMs: options.confirmTimeoutMs,
      setUp: async (channel) => {
        await assertDeadLetters(channel, topology);
        await assertStateQueue(channel, topology);
        for (const { type } of contracts) await assertJobQueue(channel, topology, type);
      },
    });
    const publisher = new AmqpJobPublisher(this.#publisher, topology);
    const newId = (): string => uuidV7(nowMs(), randomBytes(10));
    const shared = { store, publisher, metrics, log, nowMs };
    this.#app = buildGateway({ ...shared, newId, contracts, registry, page: deps.page }, options);
    this.#sweeper = new Sweeper(shared, options);
    this.#consumer = new StateConsumer({
      ...shared,
      topology,
      link: { ...link, role: "gateway state" },
    });
  }

  /** Resolves once it listens. The broker may be away: submissions are answered with 503 until it is there. */
  async start(): Promise<void> {
    try {
      await this.#publisher.start();
      await this.#consumer.start();
      await this.#sweeper.start();
      await this.#app.listen({ host: this.#options.host, port: this.#options.port });
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Drains: takes no more connections, answers the requests that run, then ends the rest in the reverse order. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Resolves once the broker's links are up. */
  async ready(signal?: AbortSignal): Promise<void> {
    await Promise.all([this.#publisher.ready(signal), this.#consumer.ready(signal)]);
  }

  /** `http://host:port` of where it listens. @throws Error before start */
  get url(): string {
    const address = this.#app.server.address();
    if (address === null || typeof address === "string") throw new Error("the gateway does not listen");
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  async #stop(): Promise<void> {
    const errors: unknown[] = [];
    for (const part of [
      () => this.#closeApp(),
      () => this.#sweeper.stop(),
      () => this.#consumer.stop(),
      () => this.#publisher.stop(),
    ]) {
      await part().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw new AggregateError(errors, "the gateway did not stop cleanly");
  }

  /** A client that never ends its request does not hold the drain for ever. */
  async #closeApp(): Promise<void> {
    const timer = setTimeout(() => this.#app.server.closeAllConnections(), DRAIN_TIMEOUT_MS);
    await this.#app.close();
    clearTimeout(timer);
  }
}

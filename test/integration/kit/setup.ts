import { EventEmitter, once } from "node:events";
import { onTestFinished } from "vitest";
import { Consumer, type Delivery } from "../../../kit/src/amqp/consumer.ts";
import { plainChannel, Link, type LinkOptions } from "../../../kit/src/amqp/link.ts";
import { createPublisher, type Publisher, type PublisherOptions } from "../../../kit/src/amqp/publisher.ts";
import {
  assertStateQueue,
  type Topology,
  type TopologyOptions,
  topologyOf,
} from "../../../kit/src/amqp/topology.ts";
import { createClient, type Client } from "../../../kit/src/client/client.ts";
import { decodeStateMessage, type JobEvent } from "../../../kit/src/job/job-event.ts";
import type { Job, JobHandler, JobType } from "../../../kit/src/job/define-job.ts";
import type { Outcome } from "../../../kit/src/job/outcome.ts";
import type { Settlement } from "../../../kit/src/job/settlement.ts";
import { silentLogger } from "../../../kit/src/logger.ts";
import {
  assembleWorker,
  REAL_PARTS,
  type Worker,
  type WorkerParts,
} from "../../../kit/src/worker/assemble-worker.ts";
import type { WorkerOptions } from "../../../kit/src/worker/options.ts";
import { createFaultProxy, type FaultProxy } from "../../../embedded/fault-proxy.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";

/** Of tests: short steps, few deliveries. */
export const quick: TopologyOptions = { delayStepsMs: [20, 40], deliveryLimit: 3 };
export const quickTopology: Topology = topologyOf(quick);
export const quickReconnect = { minMs: 20, maxMs: 200 };

/** A vhost for one test. */
export async function vhostForTest(): Promise<FreshVhost> {
  const vhost = await freshVhost();
  onTestFinished(() => vhost.remove());
  return vhost;
}

/** The address of a vhost for one test. */
export async function urlForTest(): Promise<string> {
  return (await vhostForTest()).amqpUrl();
}

export async function proxyFor(vhost: FreshVhost): Promise<FaultProxy> {
  const proxy = createFaultProxy({ host: vhost.host, port: vhost.amqpPort });
  await proxy.start();
  onTestFinished(() => proxy.stop());
  return proxy;
}

export type Happening =
  | { readonly kind: "started"; readonly job: Job }
  | { readonly kind: "ended"; readonly job: Job; readonly outcome: Outcome }
  | { readonly kind: "beforeAck"; readonly job: Job }
  | { readonly kind: "settled"; readonly job: Job; readonly settlement: Settlement; readonly done: boolean };

/** What happened so far, and a promise for the next thing of a kind. */
export class Happenings {
  readonly list: Happening[] = [];
  readonly #emitter = new EventEmitter();

  add(happening: Happening): void {
    this.list.push(happening);
    this.#emitter.emit("happening");
  }

  of<K extends Happening["kind"]>(kind: K): readonly Extract<Happening, { kind: K }>[] {
    return this.list.filter((each): each is Extract<Happening, { kind: K }> => each.kind === kind);
  }

  /** Resolves once `count` of the kind have happened, with all of them. */
  async until<K extends Happening["kind"]>(
    kind: K,
    count = 1,
  ): Promise<readonly Extract<Happening, { kind: K }>[]> {
    while (this.of(kind).length < count) await once(this.#emitter, "happening");
    return this.of(kind);
  }
}

export type TestWorker = { readonly worker: Worker; readonly happenings: Happenings };

export async function startWorker(
  amqpUrl: string,
  jobs: readonly JobHandler[],
  options: Partial<WorkerOptions> & { readonly parts?: WorkerParts } = {},
): Promise<TestWorker> {
  const { parts = REAL_PARTS, ...workerOptions } = options;
  const happenings = new Happenings();
  const worker = assembleWorker(
    {
      amqpUrl,
      jobs,
      topology: quick,
      reconnect: quickReconnect,
      concurrency: 2,
      drainSeconds: 5,
      observer: {
        handlerStarted: (job) => happenings.add({ kind: "started", job }),
        handlerEnded: (job, outcome) => happenings.add({ kind: "ended", job, outcome }),
        beforeAck: (job) => happenings.add({ kind: "beforeAck", job }),
        settled: (job, settlement, done) => happenings.add({ kind: "settled", job, settlement, done }),
      },
      ...workerOptions,
    },
    parts,
  );
  await worker.start();
  onTestFinished(() => worker.stop());
  return { worker, happenings };
}

export async function startClient(amqpUrl: string, jobs: readonly JobType[]): Promise<Client> {
  const client = createClient({ amqpUrl, jobs, topology: quick });
  await client.start();
  onTestFinished(() => client.stop());
  return client;
}

export function linkOptions(url: string, role = "test"): LinkOptions {
  return { url, role, logger: silentLogger, backoff: quickReconnect };
}

export async function startPublisher(url: string, more: Partial<PublisherOptions> = {}): Promise<Publisher> {
  const publisher = createPublisher({ link: linkOptions(url, "publish"), ...more });
  await publisher.start();
  onTestFinished(() => publisher.stop());
  return publisher;
}

/** A channel to look and to arrange with. */
export async function startLink(url: string): Promise<Link> {
  const link = new Link(linkOptions(url), { open: plainChannel, setUp: async () => {} });
  await link.start();
  onTestFinished(() => link.stop());
  return link;
}

/** Ready messages of a queue. */
export async function messagesIn(url: string, queue: string): Promise<number> {
  const link = await startLink(url);
  const { channel } = await link.ready();
  return (await channel.checkQueue(queue)).messageCount;
}

/** Collects what a queue gives, acking each. */
export class Collector {
  readonly deliveries: Delivery[] = [];
  readonly #emitter = new EventEmitter();

  static async start(
    url: string,
    queue: string,
    setUp?: (topology: Topology) => Promise<void>,
  ): Promise<Collector> {
    const collector = new Collector();
    const consumer = new Consumer({
      link: linkOptions(url, "collect"),
      subscriptions: [
        {
          queue,
          prefetch: 50,
          onDelivery: (delivery) => {
            delivery.ack();
            collector.deliveries.push(delivery);
            collector.#emitter.emit("delivery");
          },
        },
      ],
    });
    await setUp?.(quickTopology);
    await consumer.start();
    onTestFinished(() => consumer.stop());
    await consumer.ready();
    return collector;
  }

  async until(count: number): Promise<readonly Delivery[]> {
    while (this.deliveries.length < count) await once(this.#emitter, "delivery");
    return this.deliveries;
  }

  get events(): readonly JobEvent[] {
    return this.deliveries.map((delivery) => eventOf(delivery)).filter((event) => event !== undefined);
  }
}

export function eventOf(delivery: Delivery): JobEvent | undefined {
  return decodeStateMessage(delivery.properties, delivery.body.toString("utf8"), 0);
}

/** Declares the state queue, as a gateway would, and collects it. */
export async function startStateCollector(url: string): Promise<Collector> {
  const link = await startLink(url);
  const session = await link.ready();
  await assertStateQueue(session.channel, quickTopology);
  return Collector.start(url, quickTopology.stateQueue);
}

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type Channel, type ChannelModel, type GetMessage } from "amqplib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFaultProxy, type FaultProxy } from "../../../embedded/fault-proxy.ts";
import type { BrokerBlock, BrokerSample, QueueRef } from "../../../src/operator/ports.ts";
import {
  createRabbitmqBrokerSource,
  type RabbitmqBrokerSourceOptions,
} from "../../../src/rabbitmq/rabbitmq-broker-source.ts";
import { describeBrokerSource } from "../../conformance/broker-source-conformance.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";

let vhost: FreshVhost;
let connection: ChannelModel;
let channel: Channel;
let tests = 0;
let queue: QueueRef;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  vhost = await freshVhost();
  connection = await connect(vhost.amqpUrl());
  channel = await connection.createChannel();
});
afterAll(async () => {
  await connection.close();
  await vhost.remove();
});
beforeEach(async () => {
  queue = refOf(`jobs.test-${++tests}`);
  await channel.assertQueue(queue.name, { arguments: { "x-queue-type": "quorum" } });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});

const refOf = (name: string): QueueRef => ({
  key: `default/${vhost.vhost}/${name}`,
  broker: "default",
  vhost: vhost.vhost,
  name,
});
const source = async (
  options: Partial<RabbitmqBrokerSourceOptions> & {
    proxy?: FaultProxy;
    management?: boolean;
    maxDeclaresPerSecond?: number;
  } = {},
) => {
  const { proxy, management = false, maxDeclaresPerSecond = 1_000, ...more } = options;
  const one = createRabbitmqBrokerSource({
    brokers: [
      {
        name: "default",
        amqpUrl: proxy === undefined ? vhost.amqpUrl() : vhost.amqpUrl({ proxyPort: proxy.port() }),
        maxDeclaresPerSecond,
        ...(management && { managementUrl: vhost.managementUrl }),
      },
    ],
    ...more,
  });
  open.push(one);
  await one.start();
  return one;
};
/** A source that is connected: the first answer of a vhost takes longer than others may wait for it. */
const connected = async (options?: Parameters<typeof source>[0]) => {
  const one = await source(options);
  await until(one, (block) => block !== undefined);
  return one;
};
const proxied = async (): Promise<FaultProxy> => {
  const proxy = createFaultProxy({ host: vhost.host, port: vhost.amqpPort });
  await proxy.start();
  open.push(proxy);
  return proxy;
};
type Source = Awaited<ReturnType<typeof source>>;
const signal = (ms = 5_000): AbortSignal => AbortSignal.timeout(ms);
const send = (count: number, to = queue): void => {
  for (let i = 0; i < count; i++) channel.sendToQueue(to.name, Buffer.from("x"));
};
/** Reads until it is so; the test's own time limit bounds it. */
const until = async (
  from: Source,
  isSo: (block: BrokerBlock | undefined, sample: BrokerSample) => boolean,
  deadlineMs = 1_000,
  everyMs = 20,
): Promise<BrokerSample> => {
  for (;;) {
    const sample = await from.read([queue], signal(deadlineMs));
    if (isSo(sample.queues.get(queue.key), sample)) return sample;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
};

describe("as every broker source", () => {
  describeBrokerSource(async () => {
    const proxy = await proxied();
    const one = await connected({ proxy, management: true, managementPeriodMs: 200 });
    return {
      source: one,
      queue,
      missing: refOf("jobs.none"),
      async publish(messages) {
        const confirming = await connection.createConfirmChannel();
        for (let index = 0; index < messages; index++) confirming.sendToQueue(queue.name, Buffer.from("{}"));
        await confirming.waitForConfirms();
        await confirming.close();
      },
      async goAway() {
        proxy.mode("refuse");
        proxy.reset();
      },
      close: async () => {},
    };
  });
});

describe("passive declares", () => {
  test("tell ready messages and consumers, fresh", async () => {
    const broker = await source();
    send(3);
    const { queues } = await until(broker, (block) => block?.ready === 3);
    const block = queues.get(queue.key);
    expect(block).toMatchObject({ ready: 3, consumers: 0 });
    expect(block?.ageSeconds).toBeLessThan(1);
    expect(block).not.toHaveProperty("unacked");
    await channel.consume(queue.name, () => {});
    await until(broker, (now) => now?.consumers === 1 && now.ready === 0);
  });

  test("see a purge at once", async () => {
    const broker = await source();
    send(5);
    await until(broker, (block) => block?.ready === 5);
    await channel.purgeQueue(queue.name);
    const { queues } = await broker.read([queue], signal());
    expect(queues.get(queue.key)?.ready).toBe(0);
  });

  test("answer for 300 queues", async () => {
    const names = Array.from({ length: 300 }, (_, index) => `jobs.many-${index}`);
    await Promise.all(names.map((name) => channel.assertQueue(name, { autoDelete: false, durable: false })));
    const broker = await connected();
    // In one read, unless the machine is busy: what comes too late for it is told in the next.
    const read = () => broker.read(names.map(refOf), signal());
    let sample = await read();
    while (sample.queues.size < 300 || sample.problem !== undefined) sample = await read();
    await Promise.all(names.map((name) => channel.deleteQueue(name)));
  });

  test("beyond the rate, a queue is answered from before, with its age, and its turn comes next", async () => {
    let nowMs = 1_000_000;
    const other = refOf(`${queue.name}-other`);
    await channel.assertQueue(other.name);
    const broker = await connected({ maxDeclaresPerSecond: 1, nowMs: () => nowMs });
    const ages = async () => {
      const { queues } = await broker.read([queue, other], signal());
      return [queue, other].map(({ key }) => queues.get(key)?.ageSeconds);
    };
    expect(await ages()).toEqual([0, undefined]);
    nowMs += 1_000;
    expect(await ages()).toEqual([1, 0]);
    nowMs += 1_000;
    expect(await ages()).toEqual([0, 1]);
  });
});

describe("queues that are not there", () => {
  test("a missing queue is unknown and named, and the others are answered", async () => {
    const missing = ["jobs.none-1", "jobs.none-2"].map(refOf);
    const { queues, unknown, problem } = await (await connected()).read([...missing, queue], signal());
    expect([...queues.keys()]).toEqual([queue.key]);
    expect([...(unknown?.values() ?? [])]).toEqual([
      expect.stringContaining(`queue jobs.none-1 in vhost ${vhost.vhost} does not exist`),
      expect.stringContaining("jobs.none-2"),
    ]);
    expect(problem).toBeUndefined();
  });

  test("a missing queue stays unknown while it is not asked for again, and is known once it exists", async () => {
    const missing = refOf("jobs.later");
    let nowMs = 1_000_000;
    const broker = await connected({ nowMs: () => nowMs });
    expect((await broker.read([missing], signal())).queues.size).toBe(0);
    await channel.assertQueue(missing.name);
    const before = await broker.read([missing], signal());
    expect(before.unknown?.get(missing.key)).toContain("does not exist");
    nowMs += 500;
    const { queues, unknown } = await broker.read([missing], signal());
    expect(queues.get(missing.key)?.ready).toBe(0);
    expect(unknown).toBeUndefined();
  });

  test("a queue deleted in the middle becomes unknown, not empty", async () => {
    const broker = await source();
    send(2);
    await until(broker, (block) => block?.ready === 2);
    await channel.deleteQueue(queue.name);
    const { queues, unknown } = await broker.read([queue], signal());
    expect(queues.size).toBe(0);
    expect(unknown?.get(queue.key)).toContain(`queue ${queue.name}`);
  });

  test("a vhost that does not exist makes its queues unknown, and is a problem where no other one is read", async () => {
    const elsewhere = { ...queue, key: "x", vhost: "no-such-vhost" };
    const broker = await connected();
    const alone = async () => (await broker.read([elsewhere], signal(1_000))).problem;
    await expect.poll(alone).toMatch(/^vhost no-such-vhost .*does not exist/);
    const { queues, unknown, problem } = await broker.read([elsewhere, queue], signal(1_000));
    expect([...queues.keys()]).toEqual([queue.key]);
    expect(unknown?.get("x")).toContain("vhost no-such-vhost");
    expect(problem).toBeUndefined();
  });

  test("a broker that is not configured is named", async () => {
    const { unknown } = await (await source()).read([{ ...queue, broker: "other" }], signal());
    expect(unknown?.get(queue.key)).toContain("broker other is not configured");
  });
});

describe("bad weather", () => {
  test("after a reset the link is made again", async () => {
    const proxy = await proxied();
    const broker = await source({ proxy });
    await until(broker, (block) => block !== undefined);
    proxy.mode("refuse");
    proxy.reset();
    const { queues, problem } = await until(broker, (block) => block === undefined, 200);
    expect(queues.size).toBe(0);
    expect(problem).toContain(`vhost ${vhost.vhost}`);
    proxy.mode("pass");
    send(1);
    expect((await until(broker, (block) => block?.ready === 1)).problem).toBeUndefined();
  });

  test("bytes that vanish: bounded by the signal, unknown, and known again afterwards", async () => {
    const proxy = await proxied();
    const broker = await source({ proxy });
    await until(broker, (block) => block !== undefined);
    proxy.mode("drop");
    const beganMs = performance.now();
    const lost = await broker.read([queue], signal(300));
    expect(performance.now() - beganMs).toBeLessThan(2_000);
    expect(lost.queues.size).toBe(0);
    expect(lost.problem).toContain("did not answer in time");
    expect((await broker.read([queue], signal(300))).queues.size).toBe(0);
    proxy.mode("pass");
    send(1);
    await until(broker, (block) => block?.ready === 1);
  });

  test("a broker 300 ms away, also one that was silent once, is read, and not only when it answers within 50 ms", async () => {
    const proxy = await proxied();
    const broker = await source({ proxy });
    const readNowAndThen = (problem: RegExp | undefined) =>
      until(
        broker,
        (_, sample) =>
          problem === undefined ? sample.queues.has(queue.key) : problem.test(sample.problem ?? ""),
        1_000,
        500,
      );
    proxy.delay(300);
    await readNowAndThen(undefined);
    proxy.delay(1_200);
    await readNowAndThen(/did not answer in time/);
    proxy.delay(300);
    send(1);
    await until(broker, (block, { problem }) => block?.ready === 1 && problem === undefined, 1_000, 500);
  });

  test("a broker that is away at start is a problem, and start and stop do not wait for it", async () => {
    const proxy = await proxied();
    proxy.mode("refuse");
    const broker = await source({ proxy });
    const { queues, problem } = await broker.read([queue], signal(300));
    expect(queues.size).toBe(0);
    expect(problem).toBeDefined();
    await broker.stop();
    await broker.stop();
    expect((await broker.read([queue], signal())).problem).toContain("not running");
  });
});

/** A management API that always answers the same. */
const managementStub = async (answer: object) => {
  const counts = { answered: 0, open: 0, most: 0 };
  const server = createServer((_, response) => {
    counts.open += 1;
    counts.most = Math.max(counts.most, counts.open);
    response.end(JSON.stringify(answer), () => {
      counts.open -= 1;
      counts.answered += 1;
      server.emit("answered");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return {
    url: `http://user:password@127.0.0.1:${(server.address() as AddressInfo).port}`,
    mostAtOnce: () => counts.most,
    async answered(count: number) {
      while (counts.answered < count) await once(server, "answered");
    },
  };
};

describe("the management API", () => {
  const counted = (block: BrokerBlock | undefined): boolean =>
    block?.unacked === 2 && block.settled === 1 && block.published === 5;

  test("adds what is in progress and the totals, and the age says that they may be five seconds old", async () => {
    const broker = await source({ management: true, managementPeriodMs: 200 });
    send(5);
    const taken: GetMessage[] = [];
    for (let i = 0; i < 3; i++) {
      await until(broker, (block) => block?.ready === 5 - i);
      const message = await channel.get(queue.name, { noAck: false });
      if (message) taken.push(message);
    }
    const [message] = taken;
    if (message) channel.ack(message);
    const { queues } = await until(broker, counted);
    const block = queues.get(queue.key);
    expect(block).toMatchObject({ ready: 2, unacked: 2, published: 5, delivered: 3, settled: 1 });
    expect(block?.ageSeconds).toBeGreaterThanOrEqual(5);
    expect(block?.ageSeconds).toBeLessThan(15);
  });

  test("ready is the passive declare's, as it is newer", async () => {
    const broker = await source({ management: true, managementPeriodMs: 200 });
    await until(broker, (block) => block?.unacked === 0);
    send(4);
    const { queues } = await until(broker, (block) => block?.ready === 4);
    expect(queues.get(queue.key)).toMatchObject({ ready: 4, unacked: 0 });
  });

  test("tells how long the first message of a classic queue has waited, by its publisher's timestamp, until it is taken", async () => {
    const broker = await source({ management: true, managementPeriodMs: 200 });
    const classic = refOf(`${queue.name}-classic`);
    await channel.assertQueue(classic.name);
    const timestamp = Math.floor(Date.now() / 1_000) - 60;
    channel.sendToQueue(classic.name, Buffer.from("{}"), { timestamp });
    const ageNow = async () => (await broker.read([classic], signal())).oldestAgeSeconds?.get(classic.key);
    await expect.poll(ageNow, { timeout: 20_000, interval: 100 }).toBeGreaterThanOrEqual(60);
    expect(await ageNow()).toBeLessThan(120);
    await channel.purgeQueue(classic.name);
    expect(await ageNow()).toBeUndefined();
  });

  test("counters that fall begin another epoch", async () => {
    const broker = await source({ management: true, managementPeriodMs: 200 });
    send(5);
    const before = await until(broker, (block) => block?.published === 5);
    await channel.deleteQueue(queue.name);
    await channel.assertQueue(queue.name);
    send(1);
    const after = await until(broker, (block) => block?.published === 1);
    expect(after.queues.get(queue.key)?.epoch).not.toBe(before.queues.get(queue.key)?.epoch);
  });

  test("a queue that does not exist is unknown, also while the statistics still tell of it", async () => {
    const gone = refOf("jobs.gone");
    const told = {
      items: [{ name: gone.name, messages_ready: 3, messages_unacknowledged: 1 }],
      page_count: 1,
    };
    const stub = await managementStub(told);
    const broker = createRabbitmqBrokerSource({
      brokers: [{ name: "default", amqpUrl: vhost.amqpUrl(), managementUrl: stub.url }],
      managementPeriodMs: 20,
    });
    open.push(broker);
    await broker.start();
    await broker.read([gone], signal());
    await stub.answered(3);
    expect((await broker.read([gone], signal())).queues.size).toBe(0);
    await channel.assertQueue(gone.name);
    const read = async (): Promise<BrokerBlock | undefined> =>
      (await broker.read([gone], signal())).queues.get(gone.key);
    let block = await read();
    while (block === undefined) block = await read(); // it is asked for again after half a second
    expect(block).toMatchObject({ ready: 0, unacked: 1 });
    expect(stub.mostAtOnce()).toBe(1);
  });

  test("wrong credentials are a problem, and passive declares go on", async () => {
    const managementUrl = vhost.managementUrl.replace(/:[^:@/]+@/, ":wrong@");
    const broker = createRabbitmqBrokerSource({
      brokers: [{ name: "default", amqpUrl: vhost.amqpUrl(), managementUrl }],
    });
    open.push(broker);
    await broker.start();
    const sample = await until(
      broker,
      (block, { problem }) => block !== undefined && (problem ?? "").includes("401"),
    );
    expect(sample.problem).toMatch(/management API of broker default at .*refused user \w+ .*401/);
  });
});

import { setTimeout as delay } from "node:timers/promises";
import { connect, type Channel, type ChannelModel } from "amqplib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFaultProxy, type FaultProxy } from "../../../embedded/fault-proxy.ts";
import type { QueueRef } from "../../../src/operator/ports.ts";
import type { BrokerOptions } from "../../../src/rabbitmq/options.ts";
import { createRabbitmqBrokerSource } from "../../../src/rabbitmq/rabbitmq-broker-source.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import { openSockets } from "../../support/open-sockets.ts";

let vhost: FreshVhost;
let second: FreshVhost;
let connection: ChannelModel;
let channel: Channel;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  vhost = await freshVhost();
  second = await freshVhost();
  connection = await connect(vhost.amqpUrl());
  channel = await connection.createChannel();
  await channel.assertQueue("jobs.x");
});
afterAll(async () => {
  await connection.close();
  await vhost.remove();
  await second.remove();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});

const refOf = (broker: string, name = "jobs.x", inVhost = vhost.vhost): QueueRef => ({
  key: `${broker}/${inVhost}/${name}`,
  broker,
  vhost: inVhost,
  name,
});
const proxied = async (): Promise<FaultProxy> => {
  const proxy = createFaultProxy({ host: vhost.host, port: vhost.amqpPort });
  await proxy.start();
  open.push(proxy);
  return proxy;
};
const source = async (brokers: readonly BrokerOptions[], managementPeriodMs = 5_000) => {
  const one = createRabbitmqBrokerSource({ brokers, managementPeriodMs });
  open.unshift(one);
  await one.start();
  return one;
};
const signal = (): AbortSignal => AbortSignal.timeout(3_000);

/** What is wrong, with which queue, and what is said of it. */
const troubles = (): readonly (readonly [string, QueueRef, RegExp])[] => [
  [
    "a missing queue",
    refOf("good", "jobs.none"),
    /^queue jobs\.none in vhost \S+ does not exist on broker good: create it, or correct its name$/,
  ],
  [
    "a missing vhost",
    refOf("good", "jobs.x", "nowhere"),
    /^vhost nowhere does not exist on broker good: create it, or correct its name$/,
  ],
  [
    "a broker that hangs",
    refOf("hanging"),
    /^broker hanging at \S+ (did not answer in time|\(vhost \S+\) cannot be reached: no answer)/,
  ],
  [
    "a port where nothing listens",
    refOf("closed"),
    /^broker closed at 127\.0\.0\.1:1 \(vhost \S+\) cannot be reached: nothing listens there: correct the host and port/,
  ],
  [
    "a host without a name",
    refOf("nameless"),
    /^broker nameless at nowhere\.invalid:5672 .*its name cannot be resolved/,
  ],
  [
    "a login that is refused",
    refOf("stranger"),
    /^broker stranger at \S+ refused user millrace and the password in its address: correct them/,
  ],
  [
    "a login without permissions",
    refOf("visitor"),
    /^vhost \S+ of broker visitor does not exist, or user visitor-\S+ and the password in its address has no permissions/,
  ],
  [
    "a broker that is not configured",
    refOf("unknown"),
    /^broker unknown is not configured: use one of good, hanging, closed/,
  ],
];

/** A read may be late on a busy machine; a second for each broker that hangs would show in all of them. */
const medianOf = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;

describe("brokers and vhosts side by side", () => {
  test("neither delay nor hide one another, and each says for its queues what is wrong", async () => {
    const good = refOf("good");
    const cases = troubles();
    const hanging = await proxied();
    hanging.mode("drop");
    const visitor = `visitor-${vhost.vhost}`;
    await vhost.manage("PUT", `users/${visitor}`, { password: "p", tags: "" });
    const at = `${vhost.host}:${vhost.amqpPort}`;
    const { managementUrl } = vhost;
    const brokers = await source([
      { name: "good", amqpUrl: vhost.amqpUrl(), managementUrl },
      { name: "hanging", amqpUrl: `amqp://127.0.0.1:${hanging.port()}` },
      { name: "closed", amqpUrl: "amqp://127.0.0.1:1" },
      { name: "nameless", amqpUrl: "amqp://nowhere.invalid:5672" },
      { name: "stranger", amqpUrl: `amqp://millrace:wrong@${at}` },
      { name: "visitor", amqpUrl: `amqp://${visitor}:p@${at}` },
    ]);
    const refs = [good, ...cases.map(([, ref]) => ref)];
    const isKnown = async () => (await brokers.read(refs, signal())).queues.has(good.key);
    await expect.poll(isKnown).toBe(true); // meanwhile it is found out who does not answer
    const told = new Map<string, string>();
    const known: string[] = [];
    const tookMs: number[] = [];
    while (!cases.every(([, { key }, expected]) => expected.test(told.get(key) ?? ""))) {
      const beganMs = performance.now();
      const { queues, unknown } = await brokers.read(refs, signal());
      tookMs.push(performance.now() - beganMs);
      known.push(...queues.keys());
      for (const [key, why] of unknown ?? []) told.set(key, why);
      await delay(20);
    }
    expect(new Set(known)).toEqual(new Set([good.key]));
    expect(known.length).toBeGreaterThan(tookMs.length / 2);
    expect(medianOf(tookMs)).toBeLessThan(750);
    await vhost.manage("DELETE", `users/${visitor}`);
  });

  test("a vhost that begins to hang costs the others one second, once", async () => {
    const proxy = await proxied();
    const { username, password } = new URL(vhost.managementUrl);
    const brokers = await source([
      { name: "good", amqpUrl: vhost.amqpUrl() },
      { name: "hanging", amqpUrl: `amqp://${username}:${password}@127.0.0.1:${proxy.port()}` },
    ]);
    const refs = [refOf("good"), refOf("hanging")];
    const timed = async () => {
      const beganMs = performance.now();
      const { queues } = await brokers.read(refs, signal());
      return { known: queues.size, tookMs: performance.now() - beganMs };
    };
    await expect.poll(async () => (await timed()).known).toBe(2);
    proxy.mode("drop");
    const reads = [];
    for (let read = 0; read < 11; read++) reads.push(await timed());
    expect(medianOf(reads.map(({ known }) => known))).toBe(1);
    expect(medianOf(reads.map(({ tookMs }) => tookMs))).toBeLessThan(750);
    proxy.mode("pass");
    await expect.poll(async () => (await timed()).known).toBe(2);
  });
});

test("a queue that is made together with its first message is seen soon, however long it was asked for in vain", async () => {
  const brokers = await source([{ name: "good", amqpUrl: vhost.amqpUrl() }]);
  const later = refOf("good", "jobs.later");
  const ready = async () => (await brokers.read([later], signal())).queues.get(later.key)?.ready;
  const endMs = performance.now() + 3_000;
  while (performance.now() < endMs) expect(await ready()).toBeUndefined();
  await channel.assertQueue(later.name);
  channel.sendToQueue(later.name, Buffer.from("{}"));
  await connection.createChannel(); // the broker has taken what was sent before
  await expect.poll(ready, { interval: 100 }).toBe(1);
});

test("200 dropped connections leave no socket behind", async () => {
  const proxy = await proxied();
  const { username, password } = new URL(vhost.managementUrl);
  const amqpUrl = `amqp://${username}:${password}@127.0.0.1:${proxy.port()}`;
  const brokers = await source([{ name: "good", amqpUrl, managementUrl: vhost.managementUrl }], 100);
  const isRead = async (): Promise<boolean> => {
    const { queues, problem } = await brokers.read([refOf("good")], signal());
    return queues.size === 1 && problem === undefined && proxy.connections() === 1;
  };
  const readable = async (): Promise<void> => {
    while (!(await isRead())) await delay(5);
  };
  for (let drop = 0; drop < 5; drop++) {
    await readable();
    proxy.reset();
  }
  await readable();
  const before = openSockets();
  for (let drop = 0; drop < 200; drop++) {
    proxy.reset();
    while (proxy.connections() > 0) await delay(1);
    await readable();
  }
  await expect.poll(openSockets, { timeout: 10_000 }).toBeLessThanOrEqual(before + 2);
}, 120_000);

import { setTimeout as delay } from "node:timers/promises";
import { connect, type Channel, type ChannelModel } from "amqplib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { BrokerOptions } from "../../../src/rabbitmq/options.ts";
import type { PatternMatch, QueuePattern, QueueRef } from "../../../src/operator/ports.ts";
import { createRabbitmqBrokerSource } from "../../../src/rabbitmq/rabbitmq-broker-source.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";

/** Said to the source, so that ages tell when it asked; the broker itself is at its default. */
const statisticsSeconds = 1;
let vhost: FreshVhost;
let other: FreshVhost;
let connection: ChannelModel;
let channel: Channel;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  vhost = await freshVhost();
  other = await freshVhost();
  connection = await connect(vhost.amqpUrl());
  channel = await connection.createChannel();
});
afterAll(async () => {
  await connection.close();
  await vhost.remove();
  await other.remove();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});

const source = async (more: Partial<BrokerOptions> = {}) => {
  const { managementUrl, amqpUrl } = { managementUrl: vhost.managementUrl, amqpUrl: vhost.amqpUrl() };
  const broker: BrokerOptions = {
    name: "default",
    amqpUrl,
    managementUrl,
    statisticsIntervalSeconds: statisticsSeconds,
    ...more,
  };
  const one = createRabbitmqBrokerSource({ brokers: [broker], managementPeriodMs: 100 });
  open.push(one);
  await one.start();
  return one;
};
type Source = Awaited<ReturnType<typeof source>>;
/** Asks until it is so; the test's own time limit bounds it. */
const until = async <T>(ask: () => T | Promise<T>, isSo: (answer: T) => boolean): Promise<T> => {
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    await delay(20);
  }
};
const patternOf = (pattern: string, inVhost = vhost.vhost): QueuePattern => ({
  key: `default/${inVhost}/${pattern}`,
  broker: "default",
  vhost: inVhost,
  pattern,
});
const match = (from: Source, pattern: QueuePattern): PatternMatch | undefined =>
  from.match([pattern]).get(pattern.key);
const listed = (from: Source, pattern: QueuePattern) =>
  until(
    () => match(from, pattern),
    (found) => found?.kind !== "unknown",
  );

describe("queues by pattern", () => {
  test("are those of the vhost alone, and change with it", async () => {
    const elsewhere = await connect(other.amqpUrl());
    const there = await elsewhere.createChannel();
    await there.assertQueue("jobs.mail.elsewhere");
    for (const name of ["jobs.mail.b", "jobs.mail.a", "jobs.image"]) await channel.assertQueue(name);
    const broker = await source();
    const pattern = patternOf("^jobs\\.mail\\.");
    expect(match(broker, pattern)).toMatchObject({
      kind: "unknown",
      because: expect.stringContaining("not listed yet"),
    });
    expect(await listed(broker, pattern)).toEqual({ kind: "matched", names: ["jobs.mail.a", "jobs.mail.b"] });
    await channel.deleteQueue("jobs.mail.a");
    await channel.assertQueue("jobs.mail.c");
    const names = ["jobs.mail.b", "jobs.mail.c"];
    await until(
      () => match(broker, pattern),
      (found) => found?.kind === "matched" && found.names.join() === names.join(),
    );
    expect(await listed(broker, patternOf("^none"))).toEqual({ kind: "matched", names: [] });
    await elsewhere.close();
  });

  test("of a broker without a management API are unknown, with the remedy", async () => {
    const broker = createRabbitmqBrokerSource({ brokers: [{ name: "default", amqpUrl: vhost.amqpUrl() }] });
    expect(match(broker, patternOf("^jobs"))).toMatchObject({
      kind: "unknown",
      because: expect.stringMatching(/broker default has no managementUrl: add it/),
    });
    const nobody = { ...patternOf("^jobs"), broker: "nobody" };
    expect(match(broker, nobody)).toMatchObject({
      because: expect.stringContaining("broker nobody is not configured"),
    });
  });

  test.each([
    ["a vhost that does not exist", "no-such-vhost", {}, /does not know the vhost: create it/],
    [
      "wrong credentials",
      "",
      { managementUrl: "http://millrace:wrong@" },
      /refused user millrace .*401.*correct them/,
    ],
  ])("of %s are unknown, with the remedy", async (_, inVhost, more, expected) => {
    const managementUrl = `${"managementUrl" in more ? more.managementUrl : ""}${new URL(vhost.managementUrl).host}`;
    const broker = await source("managementUrl" in more ? { managementUrl } : {});
    const pattern = patternOf("^jobs", inVhost === "" ? vhost.vhost : inVhost);
    const found = await until(
      () => match(broker, pattern),
      (one) => one?.kind === "unknown" && expected.test(one.because),
    );
    expect(found).toMatchObject({ because: expect.not.stringContaining("wrong") });
  });

  test("of 1,200 are all seen, page by page, and said to be too many", async () => {
    const many = await freshVhost();
    const filled = await connect(many.amqpUrl());
    const fill = await filled.createChannel();
    const names = Array.from({ length: 1_200 }, (_, index) => `jobs.${String(index).padStart(4, "0")}`);
    for (const name of names) await fill.assertQueue(name, { durable: false });
    const broker = await source();
    const pattern = patternOf("^jobs\\.", many.vhost);
    expect(await listed(broker, pattern)).toEqual({ kind: "too-many", count: 1_200 });
    expect(await listed(broker, patternOf("^jobs\\.\\d*7[05]0$", many.vhost))).toEqual({
      kind: "matched",
      names: ["jobs.0700", "jobs.0750"],
    });
    await filled.close();
    await many.remove();
  });
});

describe("who holds what", () => {
  const queue = (name: string): QueueRef => ({
    key: `default/${vhost.vhost}/${name}`,
    broker: "default",
    vhost: vhost.vhost,
    name,
  });
  const wanted = { holdersOf: new Set(["default"]) };
  const connectFrom = (localAddress: string) => {
    const socket = { localAddress, noDelay: false }; // of node:net, which amqplib's types leave out
    return connect(vhost.amqpUrl(), socket);
  };
  const consumer = async (localAddress: string, name: string, prefetch: number) => {
    const own = await connectFrom(localAddress);
    const deliveries = await own.createChannel();
    await deliveries.prefetch(prefetch);
    const { consumerTag } = await deliveries.consume(name, () => {});
    return { own, deliveries, consumerTag };
  };
  const read = async (from: Source, more: Parameters<Source["read"]>[2] = wanted) =>
    (await from.read([queue("jobs.held")], AbortSignal.timeout(5_000), more)).holders?.get("default");

  test("is told by the consumer's address: the busy one's messages, the idle one's none, nobody else's", async () => {
    await channel.assertQueue("jobs.held");
    await channel.assertQueue("jobs.idle");
    const busy = await consumer("127.77.0.1", "jobs.held", 3);
    const idle = await consumer("127.77.0.2", "jobs.idle", 3);
    const publisher = await connectFrom("127.77.0.3");
    const publishing = await publisher.createChannel();
    for (let index = 0; index < 5; index++) publishing.sendToQueue("jobs.held", Buffer.from("{}"));
    const broker = await source();
    const holders = await until(
      () => read(broker),
      (told) => told?.unackedByAddress.get("127.77.0.1") === 3 && told.unackedByAddress.has("127.77.0.2"),
    );
    expect(holders?.unackedByAddress.get("127.77.0.2")).toBe(0);
    expect(holders?.unackedByAddress.has("127.77.0.3")).toBe(false);
    expect(holders?.ageSeconds).toBeGreaterThanOrEqual(1);
    expect(holders?.ageSeconds).toBeLessThan(10);
    // A consumer that drains has no consumer any more, and still holds its jobs.
    await busy.deliveries.cancel(busy.consumerTag);
    await until(
      async () => (await vhost.manage("GET", "vhosts/{vhost}/channels")) as { consumer_count?: number }[],
      (channels) => channels.filter(({ consumer_count }) => consumer_count === 1).length === 1,
    );
    const toldMs = Date.now();
    const draining = await until(
      () => read(broker),
      (told) => told !== undefined && Date.now() - (told.ageSeconds - statisticsSeconds) * 1_000 > toldMs,
    );
    expect(draining?.unackedByAddress.get("127.77.0.1")).toBe(3);
    await Promise.all([busy.own, idle.own, publisher].map((one) => one.close()));
    await until(
      () => read(broker),
      (told) => told !== undefined && !told.unackedByAddress.has("127.77.0.1"),
    );
  });

  test("is not asked where nobody wants it", async () => {
    const broker = await source();
    await until(
      () => read(broker),
      (told) => told !== undefined,
    );
    expect(await read(broker, {})).toBeUndefined();
    expect(await read(broker, { holdersOf: new Set(["other"]) })).toBeUndefined();
  });

  test("is not told to a user that sees only its own channels, and the remedy is", async () => {
    const user = `u-${vhost.vhost}`;
    await vhost.manage("PUT", `users/${user}`, { password: "p", tags: "management" });
    await vhost.manage("PUT", `permissions/{vhost}/${user}`, { configure: "", write: "", read: "" });
    const { host } = new URL(vhost.managementUrl);
    const broker = await source({ managementUrl: `http://${user}:p@${host}` });
    const sample = await until(
      () => broker.read([queue("jobs.held")], AbortSignal.timeout(5_000), wanted),
      ({ problem = "" }) => problem.includes("tag monitoring"),
    );
    expect(sample.holders).toBeUndefined();
    await vhost.manage("PUT", `users/${user}`, { password: "p", tags: "monitoring" });
    await until(
      () => read(broker),
      (told) => told !== undefined,
    );
    await vhost.manage("DELETE", `users/${user}`);
  });
});

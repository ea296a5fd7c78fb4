import { expect, test } from "vitest";
import { createRabbitmq } from "../../../embedded/rabbitmq.ts";
import { createRunScope } from "../../../embedded/run-scope.ts";
import type { OutgoingMessage } from "../../../kit/src/amqp/publisher.ts";
import { assertDeadLetters, assertJobQueue } from "../../../kit/src/amqp/topology.ts";
import {
  Collector,
  proxyFor,
  quickTopology,
  startLink,
  startPublisher,
  urlForTest,
  vhostForTest,
} from "./setup.ts";

const message = (messageId: string, routingKey = "jobs.t"): OutgoingMessage => ({
  exchange: "",
  routingKey,
  body: Buffer.from("{}"),
  properties: { messageId, type: "t" },
});

const declare = async (url: string, maxLength = 1_000): Promise<void> => {
  const link = await startLink(url);
  const { channel } = await link.ready();
  await assertDeadLetters(channel, quickTopology);
  await assertJobQueue(channel, { ...quickTopology, maxLength }, "t");
};

test("a publish is confirmed when a queue has it, and returned when none is bound", async () => {
  const url = await urlForTest();
  await declare(url);
  const publisher = await startPublisher(url);
  await publisher.ready();
  const outcomes = await Promise.all(
    ["jobs.t", "nowhere", "jobs.t"].map((queue, index) => publisher.publish(message(`m${index}`, queue))),
  );
  expect(outcomes.map(({ kind }) => kind)).toEqual(["confirmed", "returned", "confirmed"]);
});

test("of two publishes with one id in flight, only the one that came back is returned", async () => {
  const url = await urlForTest();
  await declare(url);
  const publisher = await startPublisher(url);
  await publisher.ready();
  const outcomes = await Promise.all([
    publisher.publish(message("same", "nowhere")),
    publisher.publish(message("same", "jobs.t")),
  ]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["returned", "confirmed"]);
});

test("a full queue refuses", async () => {
  const url = await urlForTest();
  await declare(url, 1);
  const publisher = await startPublisher(url);
  await publisher.ready();
  const kinds = new Set<string>();
  while (!kinds.has("nacked")) kinds.add((await publisher.publish(message("m"))).kind);
  expect([...kinds]).toEqual(["confirmed", "nacked"]);
});

test("with the broker away nothing is written, and a deadline waits for it", async () => {
  const vhost = await vhostForTest();
  await declare(vhost.amqpUrl());
  const proxy = await proxyFor(vhost);
  proxy.mode("refuse");
  const publisher = await startPublisher(vhost.amqpUrl({ proxyPort: proxy.port() }));
  expect(await publisher.publish(message("m1"))).toEqual({ kind: "unavailable", because: "away" });
  const late = publisher.publish(message("m2"), { deadlineMs: 20_000 });
  proxy.mode("pass");
  expect(await late).toEqual({ kind: "confirmed" });
});

test("a connection that dies before the confirm leaves the outcome unknown; a retry has the same id", async () => {
  const vhost = await vhostForTest();
  await declare(vhost.amqpUrl());
  const proxy = await proxyFor(vhost);
  const publisher = await startPublisher(vhost.amqpUrl({ proxyPort: proxy.port() }));
  await publisher.ready();
  const queue = await Collector.start(vhost.amqpUrl(), "jobs.t");
  proxy.dropOnly("to-client"); // the broker gets it, its confirm is lost
  const once = publisher.publish(message("m1"));
  const retried = publisher.publish(message("m2"), { deadlineMs: 20_000 });
  await queue.until(2);
  proxy.reset();
  expect(await once).toMatchObject({ kind: "unknown" });
  proxy.mode("pass");
  expect(await retried).toEqual({ kind: "confirmed" });
  await queue.until(3);
  expect(queue.deliveries.map(({ properties }) => properties.messageId)).toEqual(["m1", "m2", "m2"]);
});

test("a confirm that does not come in time is unknown, and holds its place in the window", async () => {
  const vhost = await vhostForTest();
  await declare(vhost.amqpUrl());
  const proxy = await proxyFor(vhost);
  const publisher = await startPublisher(vhost.amqpUrl({ proxyPort: proxy.port() }), {
    window: 1,
    maxWaiting: 1,
    confirmTimeoutMs: 50,
  });
  await publisher.ready();
  proxy.dropOnly("to-client");
  const [first, second, third] = await Promise.all(
    ["a", "b", "c"].map((id) => publisher.publish(message(id))),
  );
  expect(first).toMatchObject({ kind: "unknown" });
  expect(second).toMatchObject({ kind: "unavailable" }); // waited for the window in vain
  expect(third).toEqual({ kind: "unavailable", because: "overloaded" });
});

test("the window bounds what is in flight, and nothing is lost or reordered in it", async () => {
  const url = await urlForTest();
  await declare(url);
  const publisher = await startPublisher(url, { window: 4 });
  await publisher.ready();
  const queue = await Collector.start(url, "jobs.t");
  const ids = Array.from({ length: 100 }, (_, index) => `m${index}`);
  const outcomes = await Promise.all(ids.map((id) => publisher.publish(message(id))));
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["confirmed"]));
  await publisher.idle();
  await queue.until(100);
  expect(queue.deliveries.map(({ properties }) => properties.messageId)).toEqual(ids);
});

test("a message that can never be written is an error of the caller, and harms no other", async () => {
  const url = await urlForTest();
  await declare(url);
  const publisher = await startPublisher(url);
  await publisher.ready();
  const huge = { ...message("m"), properties: { messageId: "m", headers: { x: "y".repeat(100_000) } } };
  await expect(publisher.publish(huge)).rejects.toThrow(RangeError);
  expect(await publisher.publish(message("n"))).toEqual({ kind: "confirmed" });
});

test("a broker in alarm is told as blocked, and publishing goes on after it", async () => {
  const scope = await createRunScope();
  const broker = await createRabbitmq(scope);
  try {
    await broker.start();
    await declare(broker.amqpUrl());
    // Each command of the broker takes seconds on a busy machine.
    const publisher = await startPublisher(broker.amqpUrl(), { confirmTimeoutMs: 60_000 });
    await publisher.ready();
    const blocked = Promise.withResolvers<void>();
    const clear = Promise.withResolvers<void>();
    publisher.onState((state) => (state === "blocked" ? blocked : clear).resolve());
    await broker.ctl("set_vm_memory_high_watermark", "absolute", "1");
    // The broker tells a connection that it is blocked when it publishes.
    const first = publisher.publish(message("m1"));
    await blocked.promise;
    expect(await publisher.publish(message("m2"))).toEqual({ kind: "unavailable", because: "blocked" });
    await broker.ctl("set_vm_memory_high_watermark", "absolute", "1GB");
    await clear.promise;
    expect(await first).toEqual({ kind: "confirmed" });
    expect(await publisher.publish(message("m3"))).toEqual({ kind: "confirmed" });
    await publisher.stop();
  } finally {
    await broker.stop();
    await scope.stop();
  }
}, 180_000);

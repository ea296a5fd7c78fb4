import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { defineJob } from "../../../kit/src/job/define-job.ts";
import { REAL_PARTS } from "../../../kit/src/worker/assemble-worker.ts";
import {
  Collector,
  messagesIn,
  proxyFor,
  quickTopology,
  startClient,
  startLink,
  startPublisher,
  startStateCollector,
  startWorker,
  urlForTest,
  vhostForTest,
} from "./setup.ts";

const work = defineJob({ type: "work", payload: z.object({ n: z.number() }) });

test("a worker whose broker is away at its start takes jobs once it is there", async () => {
  const vhost = await vhostForTest();
  const proxy = await proxyFor(vhost);
  proxy.mode("refuse");
  const { worker, happenings } = await startWorker(vhost.amqpUrl({ proxyPort: proxy.port() }), [
    work.handle(() => {}),
  ]);
  expect(worker.isReady).toBe(false);
  expect(worker.isAlive).toBe(true);
  const client = await startClient(vhost.amqpUrl(), [work]);
  await client.submit(work, { n: 1 });
  expect(happenings.list).toEqual([]);
  proxy.mode("pass");
  await happenings.until("settled");
  await worker.ready();
  expect(worker.isReady).toBe(true);
});

test("a connection that is reset is made anew, and a job that ran meanwhile is not run twice here", async () => {
  const vhost = await vhostForTest();
  const proxy = await proxyFor(vhost);
  const gate = Promise.withResolvers<void>();
  const { worker, happenings } = await startWorker(vhost.amqpUrl({ proxyPort: proxy.port() }), [
    work.handle(() => gate.promise),
  ]);
  const client = await startClient(vhost.amqpUrl(), [work]);
  await client.submit(work, { n: 1 });
  await happenings.until("started");
  proxy.reset();
  await client.submit(work, { n: 2 });
  await happenings.until("started", 2); // the second job shows that the worker is back
  await worker.ready();
  gate.resolve();
  const settled = await happenings.until("settled", 2);
  expect(settled.every(({ done }) => done)).toBe(true);
  expect(happenings.of("started")).toHaveLength(2);
});

test("a handler that blocks the event loop until the broker gives its job back has run once", async () => {
  const url = await urlForTest();
  const watch = fileURLToPath(new URL("fixtures/until-given-back.ts", import.meta.url));
  const blocking = work.handle(({ n }) => {
    if (n === 1) execFileSync(process.execPath, [watch, url, quickTopology.queueOf("work")]);
  });
  const { worker, happenings } = await startWorker(url, [blocking], { heartbeatSeconds: 1 });
  const client = await startClient(url, [work]);
  await client.submit(work, { n: 1 });
  await happenings.until("settled"); // acked into a dead link
  await client.submit(work, { n: 2 });
  await happenings.until("settled", 2); // the second job comes behind the one that was given back
  await worker.stop();
  expect(happenings.of("started")).toHaveLength(2);
  expect(await messagesIn(url, quickTopology.queueOf("work"))).toBe(0);
  expect(await messagesIn(url, quickTopology.deadQueue)).toBe(0);
});

test("bytes that are silently dropped are noticed by the heartbeat; the job is settled after all", async () => {
  const vhost = await vhostForTest();
  const proxy = await proxyFor(vhost);
  const gate = Promise.withResolvers<void>();
  const { worker, happenings } = await startWorker(
    vhost.amqpUrl({ proxyPort: proxy.port() }),
    [work.handle(() => gate.promise)],
    { heartbeatSeconds: 1 },
  );
  const client = await startClient(vhost.amqpUrl(), [work]);
  await client.submit(work, { n: 1 });
  await happenings.until("started");
  proxy.mode("drop");
  gate.resolve();
  await happenings.until("settled"); // acked into the black hole: the broker never saw it
  proxy.mode("refuse");
  const link = await startLink(vhost.amqpUrl());
  const { channel } = await link.ready();
  // The broker's own heartbeat gives the job back; the worker, reconnecting, remembers it and only acks.
  while ((await channel.checkQueue(quickTopology.queueOf("work"))).messageCount === 0)
    await worker.ready(AbortSignal.timeout(20)).catch(() => {});
  proxy.mode("pass");
  await worker.ready();
  while ((await unsettled(vhost)) > 0)
    await client.submit(work, { n: 2 }).then(() => happenings.until("settled", 2));
  expect(
    happenings.of("started").filter(({ job }) => job.id === happenings.of("started")[0]?.job.id),
  ).toHaveLength(1);
});

async function unsettled(vhost: Awaited<ReturnType<typeof vhostForTest>>): Promise<number> {
  const link = await startLink(vhost.amqpUrl());
  const { channel } = await link.ready();
  return (await channel.checkQueue(quickTopology.queueOf("work"))).messageCount;
}

test("a queue that is deleted is declared again and consumed", async () => {
  const url = await urlForTest();
  const { worker, happenings } = await startWorker(url, [work.handle(() => {})]);
  await worker.ready();
  const link = await startLink(url);
  const { channel } = await link.ready();
  await channel.deleteQueue(quickTopology.queueOf("work"));
  const publisher = await startPublisher(url);
  await publisher.ready();
  const message = {
    exchange: "",
    routingKey: quickTopology.queueOf("work"),
    body: Buffer.from('{"n":1}'),
    properties: { messageId: "m", type: "work" },
  };
  while ((await publisher.publish(message)).kind !== "confirmed");
  await happenings.until("settled");
});

test("a delay queue that is deleted is declared again before its retry is acked", async () => {
  const url = await urlForTest();
  const { worker, happenings } = await startWorker(
    url,
    [
      work.handle((_, { job }) => {
        if (job.attempt === 1) throw new Error("once");
      }),
    ],
    { random: () => 0.5 },
  );
  await worker.ready();
  const link = await startLink(url);
  const { channel } = await link.ready();
  await channel.deleteQueue(quickTopology.delayExchangeOf(20));
  const client = await startClient(url, [work]);
  await client.submit(work, { n: 1 });
  const settled = await happenings.until("settled", 2);
  expect(settled.map(({ settlement }) => settlement.kind)).toEqual(["delay", "ack"]);
});

test("acking twice does nothing: the channel and the other jobs live on", async () => {
  const url = await urlForTest();
  const client = await startClient(url, [work]);
  const answers: boolean[] = [];
  const { worker, happenings } = await startWorker(url, [work.handle(() => {})], {
    parts: {
      ...REAL_PARTS,
      createConsumer: (options) =>
        REAL_PARTS.createConsumer({
          ...options,
          subscriptions: options.subscriptions.map((subscription) => ({
            ...subscription,
            onDelivery: (delivery) =>
              subscription.onDelivery({
                ...delivery,
                ack: () => {
                  answers.push(delivery.ack(), delivery.ack(), delivery.requeue());
                  return true;
                },
              }),
          })),
        }),
    },
  });
  await worker.ready();
  for (let n = 0; n < 5; n += 1) await client.submit(work, { n });
  await happenings.until("settled", 5);
  expect(answers.slice(0, 3)).toEqual([true, false, false]);
  expect(worker.isReady).toBe(true);
  expect(
    (await worker.registry.metrics()).match(/worker_link_state\{.*role="consume",state="ready"\} 1/),
  ).not.toBeNull();
});

test("when the state queue is full, finished jobs are held unacked and no new ones are taken, until there is room", async () => {
  const url = await urlForTest();
  const link = await startLink(url);
  const { channel } = await link.ready();
  const small = { "x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish" };
  await channel.assertQueue("small.state", { durable: true, arguments: small });
  const publisher = await startPublisher(url);
  await publisher.ready();
  const filler = {
    exchange: "",
    routingKey: "small.state",
    body: Buffer.from("x"),
    properties: { messageId: "f" },
  };
  while ((await publisher.publish(filler)).kind === "confirmed");
  const client = await startClient(url, [work]);
  const { worker, happenings } = await startWorker(url, [work.handle(() => {})], { concurrency: 1 });
  await worker.ready();
  await client.submit(work, { n: 1 }, { replyTo: "small.state" });
  await client.submit(work, { n: 2 });
  await happenings.until("ended", 1);
  while (worker.isReady) await publisher.publish(filler); // detached: it takes no new jobs
  expect(happenings.of("settled")).toEqual([]);
  expect(happenings.of("started")).toHaveLength(1);
  const room = await Collector.start(url, "small.state");
  const settled = await happenings.until("settled", 2);
  expect(settled.map(({ done }) => done)).toEqual([true, true]);
  expect(worker.isReady).toBe(true);
  expect(room.events.some(({ kind }) => kind === "succeeded")).toBe(true);
});

test("events of a worker that was cut off come after it is back, and then the ack", async () => {
  const vhost = await vhostForTest();
  const proxy = await proxyFor(vhost);
  const state = await startStateCollector(vhost.amqpUrl());
  const client = await startClient(vhost.amqpUrl(), [work]);
  const gate = Promise.withResolvers<void>();
  const { happenings } = await startWorker(vhost.amqpUrl({ proxyPort: proxy.port() }), [
    work.handle(() => gate.promise),
  ]);
  await client.submit(work, { n: 1 }, { replyTo: quickTopology.stateQueue });
  await state.until(1);
  proxy.mode("refuse");
  proxy.reset();
  gate.resolve();
  await happenings.until("ended");
  expect(happenings.of("settled")).toEqual([]);
  proxy.mode("pass");
  await state.until(2);
  expect(state.events.map(({ kind }) => kind)).toEqual(["started", "succeeded"]);
  await happenings.until("settled");
});

import { randomBytes } from "node:crypto";
import { connect } from "amqplib";
import { z } from "zod";
import { plainChannel, Link } from "../kit/src/amqp/link.ts";
import { createPublisher } from "../kit/src/amqp/publisher.ts";
import { assertDeadLetters, assertJobQueue, assertStateQueue, topologyOf } from "../kit/src/amqp/topology.ts";
import { encodeEnvelope } from "../kit/src/job/envelope.ts";
import { uuidV7 } from "../kit/src/job/uuid-v7.ts";
import { defineJob } from "../kit/src/job/define-job.ts";
import { silentLogger } from "../kit/src/logger.ts";
import { createWorker } from "../kit/src/worker/create-worker.ts";

/**
 * One cell of bench/worker.ts, in a process of its own: fills a queue, then consumes it with no-op jobs.
 * Arguments: raw | kit | kit-events, messages, prefetch. AMQP_URL names the broker. Prints one line of JSON.
 */
const [mode = "raw", count = "1000", prefetchText = "100"] = process.argv.slice(2);
const amqpUrl = process.env["AMQP_URL"] ?? "amqp://localhost";
const messages = Number(count);
const prefetch = Number(prefetchText);
const prefix = `bench-${randomBytes(4).toString("hex")}`;
const topology = topologyOf({ prefix });
const job = defineJob({ type: "noop", payload: z.object({ data: z.string() }) });
const body = Buffer.from(JSON.stringify({ data: "x".repeat(245) })); // 256 bytes

const fill = async (): Promise<void> => {
  const publisher = createPublisher({
    link: { url: amqpUrl, role: "fill", logger: silentLogger },
    maxWaiting: messages,
    confirmTimeoutMs: 120_000,
    setUp: async (channel) => {
      await assertDeadLetters(channel, topology);
      await assertJobQueue(channel, topology, "noop");
      if (mode === "kit-events") await assertStateQueue(channel, topology);
    },
  });
  await publisher.start();
  await publisher.ready();
  const nowMs = Date.now();
  const publishes = Array.from({ length: messages }, () => {
    const properties = encodeEnvelope({
      id: uuidV7(nowMs, randomBytes(10)),
      type: "noop",
      run: 1,
      attempt: 1,
      enqueuedAtMs: nowMs,
      eligibleAtMs: nowMs,
      traceparent: undefined,
      replyTo: mode === "kit-events" ? topology.stateQueue : undefined,
    });
    return publisher.publish({ exchange: "", routingKey: topology.queueOf("noop"), body, properties });
  });
  const outcomes = await Promise.all(publishes);
  const bad = outcomes.find(({ kind }) => kind !== "confirmed");
  if (bad !== undefined) throw new Error(`could not fill the queue: ${JSON.stringify(bad)}`);
  await publisher.stop();
};

/** Counts down to the last message; the time and CPU run after the first quarter, when the code is compiled. */
const stopwatch = () => {
  const done = Promise.withResolvers<void>();
  const measured = Math.ceil((messages * 3) / 4);
  let left = messages;
  let startMs = 0;
  let startCpu = process.cpuUsage();
  return {
    done: done.promise,
    tick: (): void => {
      if (left === measured) {
        startMs = performance.now();
        startCpu = process.cpuUsage();
      }
      left -= 1;
      if (left === 0) done.resolve();
    },
    read: () => {
      const { user, system } = process.cpuUsage(startCpu);
      return {
        mode,
        perSecond: measured / ((performance.now() - startMs) / 1_000),
        cpuMicrosPerMessage: (user + system) / measured,
      };
    },
  };
};

const consumeRaw = async (): Promise<unknown> => {
  const watch = stopwatch();
  const connection = await connect(amqpUrl);
  const channel = await connection.createChannel();
  await channel.prefetch(prefetch);
  await channel.consume(topology.queueOf("noop"), (message) => {
    if (message === null) return;
    channel.ack(message);
    watch.tick();
  });
  await watch.done;
  const result = watch.read();
  await channel.close();
  await connection.close();
  return result;
};

const consumeWithKit = async (): Promise<unknown> => {
  const watch = stopwatch();
  const worker = createWorker({
    amqpUrl,
    topology: { prefix },
    concurrency: prefetch,
    jobs: [job.handle(() => {})],
    observer: { settled: () => watch.tick() },
  });
  await worker.start();
  await watch.done;
  const result = watch.read();
  await worker.stop();
  return result;
};

const cleanUp = async (): Promise<void> => {
  const link = new Link(
    { url: amqpUrl, role: "clean", logger: silentLogger },
    { open: plainChannel, setUp: async () => {} },
  );
  await link.start();
  const { channel } = await link.ready();
  for (const queue of [topology.queueOf("noop"), topology.deadQueue, topology.stateQueue])
    await channel.deleteQueue(queue);
  await link.stop();
};

await fill();
console.log(JSON.stringify(mode === "raw" ? await consumeRaw() : await consumeWithKit()));
await cleanUp();

import { cpus } from "node:os";
import { createRabbitmq } from "../embedded/rabbitmq.ts";
import { createRunScope } from "../embedded/run-scope.ts";
import { createPublisher, type Publisher } from "../kit/src/amqp/publisher.ts";
import { assertDeadLetters, assertJobQueue, topologyOf } from "../kit/src/amqp/topology.ts";
import { silentLogger } from "../kit/src/logger.ts";

/**
 * Confirmed publishes with 256 in flight, divided by one at a time, in the same run: 256 bytes, quorum queue.
 * Bar: at least 10. `--json` prints one line; the exit code is 1 below the bar.
 */
const ROUNDS = 5;
const WINDOW = 256;
const IN_WINDOW = 20_000;
const ONE_BY_ONE = 500;
const MIN_RATIO = 10;

const topology = topologyOf({ prefix: "bench" });
const body = Buffer.from(JSON.stringify({ data: "x".repeat(245) }));

const publishOne = async (publisher: Publisher, index: number): Promise<void> => {
  const properties = { messageId: String(index), type: "noop" };
  const outcome = await publisher.publish({
    exchange: "",
    routingKey: topology.queueOf("noop"),
    body,
    properties,
  });
  if (outcome.kind !== "confirmed") throw new Error(`publish ${index}: ${outcome.kind}`);
};

const perSecond = async (count: number, work: () => Promise<void>): Promise<number> => {
  const startMs = performance.now();
  await work();
  return count / ((performance.now() - startMs) / 1_000);
};

const oneByOne = (publisher: Publisher): Promise<number> =>
  perSecond(ONE_BY_ONE, async () => {
    for (let index = 0; index < ONE_BY_ONE; index += 1) await publishOne(publisher, index);
  });

const inWindow = (publisher: Publisher): Promise<number> =>
  perSecond(IN_WINDOW, async () => {
    await Promise.all(Array.from({ length: IN_WINDOW }, (_, index) => publishOne(publisher, index)));
  });

const scope = await createRunScope();
const broker = await createRabbitmq(scope);
try {
  await broker.start();
  const publisher = createPublisher({
    link: { url: broker.amqpUrl(), role: "bench", logger: silentLogger },
    window: WINDOW,
    maxWaiting: IN_WINDOW,
    confirmTimeoutMs: 120_000,
    setUp: async (channel) => {
      await assertDeadLetters(channel, topology);
      await assertJobQueue(channel, topology, "noop");
    },
  });
  await publisher.start();
  await publisher.ready();
  await inWindow(publisher); // the first round is slower
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    ratios.push((await inWindow(publisher)) / (await oneByOne(publisher)));
  await publisher.stop();
  const sorted = [...ratios].sort((left, right) => left - right).map((ratio) => Math.round(ratio * 10) / 10);
  const median = sorted[Math.floor(ROUNDS / 2)] ?? 0;
  const ok = median >= MIN_RATIO;
  const result = {
    bench: "publish",
    rounds: ROUNDS,
    window: WINDOW,
    ratio: { median, min: sorted[0], max: sorted.at(-1) },
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    date: new Date().toISOString().slice(0, 10),
    ok,
  };
  if (process.argv.includes("--json")) console.log(JSON.stringify(result));
  else
    console.log(
      `window ${WINDOW} ÷ one at a time: ${JSON.stringify(result.ratio)} (bar: at least ${MIN_RATIO})`,
    );
  if (!ok) process.exitCode = 1;
} finally {
  await broker.stop();
  await scope.stop();
}

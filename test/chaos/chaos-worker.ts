/** A worker process of the chaos run. Tells its parent which handlers start, and writes down each success before the ack. */
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { runWorker } from "../../kit/src/worker/run-worker.ts";
import { chaosContract } from "./chaos-contract.ts";
import { workerParts } from "./doubles.ts";

const [amqpUrl = "", file = "", kind = "real"] = process.argv.slice(2);
if (kind !== "real" && kind !== "ack-first") throw new Error(`unknown kind of worker ${kind}`);

const handler = chaosContract.handle(async ({ milliseconds, failures, poison }, { job }) => {
  await delay(milliseconds);
  if (poison || job.attempt <= failures) throw new Error("as planned");
  appendFileSync(file, `${job.id}\n`);
});

await runWorker(
  {
    amqpUrl,
    jobs: [handler],
    topology: { delayStepsMs: [20, 40] },
    concurrency: 20,
    heartbeatSeconds: 2,
    reconnect: { minMs: 20, maxMs: 200 },
    metricsHost: "127.0.0.1",
    metricsPort: 0,
    observer: { handlerStarted: ({ id }) => void process.send?.(id) },
  },
  process,
  workerParts[kind],
);

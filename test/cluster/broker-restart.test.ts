import { afterAll, beforeAll, describe, expect } from "vitest";
import { createRabbitmq, type Rabbitmq } from "../../embedded/rabbitmq.ts";
import { createRunScope, type RunScope } from "../../embedded/run-scope.ts";
import { JobRecords, recordQueue } from "./support/job-records.ts";
import { Publisher } from "./support/jobs.ts";
import { jobQueue, test } from "./support/scene.ts";
import { type ReachableBroker, spareBrokerAtHand } from "./support/spare-broker.ts";
import { stage } from "./support/stage-facts.ts";

describe("RabbitMQ is restarted", () => {
  let scope: RunScope;
  let broker: Rabbitmq;
  let way: ReachableBroker;

  beforeAll(async () => {
    const { host, login } = stage();
    scope = await createRunScope();
    broker = await createRabbitmq({ ...scope, address: host }, { login });
    await broker.start();
    const managementPort = Number(new URL(broker.managementUrl()).port);
    way = await spareBrokerAtHand("spare-restarted", { host, amqpPort: broker.amqpPort(), managementPort });
  });
  afterAll(async () => {
    await way.stop();
    await scope.stop();
  });

  test("killed under load and back: no scale-in meanwhile, no job lost, and the count follows again", {
    timeout: 10 * 60_000,
  }, async ({ scene }) => {
    const amqpUrl = broker.amqpUrl();
    const first = await Publisher.connect(amqpUrl);
    await first.declare(jobQueue, recordQueue);
    const replicas = await scene.deploy({ amqpUrl, serviceMs: 500 });
    await scene.autoscale({
      broker: "spare-restarted",
      queues: [{ name: jobQueue, vhost: "/" }],
      replicas: { max: 4 },
    });
    // Also where pods start slowly, as many are left when the last has started that four are wanted until all is done.
    const { ids } = await first.publish(jobQueue, 800);
    await replicas.reaches(4, 30_000);
    await scene.untilPods(4, 120_000);
    await broker.kill();
    const goneAtMs = Date.now();
    await broker.start();
    const records = await JobRecords.read(amqpUrl);
    const second = await Publisher.connect(amqpUrl);
    const later = await second.publish(jobQueue, 20);
    await records.allDone(later.ids, 300_000);
    const doneAtMs = Date.now();
    expect(
      replicas.changes.filter(
        ({ atMs, from, to }) => to < from && atMs > goneAtMs && atMs < doneAtMs - 5_000,
      ),
      "scale-in while jobs were left",
    ).toEqual([]);
    await records.allDone(ids, 300_000);
    // Where a start-up takes longer than the promise, as on a busy machine, the hold is up to two minutes.
    await replicas.reaches(0, 180_000);
    await Promise.all([records.close(), second.close(), first.close()]);
  });
});

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createRabbitmq, type Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { freshDatabase } from "../../support/fresh-database.ts";
import { type GatewayUnderTest, startGateway, until } from "./gateway-harness.ts";
import { newJob } from "./job-store-suite.ts";

/** A node's start alone may take a minute and a half on a busy machine. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Alarms and kills concern a whole node, so that this file has its own. */
let scope: RunScope;
let node: Rabbitmq;
let gateway: GatewayUnderTest;

const brokerState = async (): Promise<unknown> => (await gateway.get("/readyz")).body["broker"];

beforeAll(async () => {
  scope = await createRunScope();
  node = await createRabbitmq(scope);
  await node.start();
  gateway = await startGateway({
    amqpUrl: node.amqpUrl(),
    databaseUrl: await freshDatabase(),
    gateway: { sweepSeconds: 0.05 },
  });
  await gateway.server.ready();
});
afterAll(async () => {
  await gateway.stop();
  await scope.stop();
});

test("under a memory alarm submissions are refused at once and the sweeper pauses; afterwards both go on", async () => {
  await node.ctl("set_vm_memory_high_watermark", "absolute", "1MB");
  // The broker tells a publisher that it is blocked when it publishes: this one gets no confirm.
  await until("the broker takes no more", async () => {
    const answer = await gateway.post("sleep", { seconds: 1 });
    return answer.status === 503;
  });
  await until("the gateway knows", async () => (await brokerState()) === "blocked");
  const refused = await gateway.post("sleep", { seconds: 1 });
  expect(refused.status).toBe(503);
  expect(refused.body).toMatchObject({ code: "broker-blocked" });
  expect(refused.headers.get("retry-after")).not.toBeNull();
  const orphan = newJob();
  await gateway.store.insert(orphan);
  await gateway.pool.query("UPDATE jobs SET lease_until = now() - interval '1 s' WHERE id = $1", [orphan.id]);
  const { rows } = await gateway.pool.query("SELECT pg_sleep(0.3), lease_until FROM jobs WHERE id = $1", [
    orphan.id,
  ]);
  expect((rows[0] as { lease_until: Date }).lease_until.getTime()).toBeLessThan(Date.now());
  await node.ctl("set_vm_memory_high_watermark", "absolute", "1GB");
  await until("the alarm is over", async () => (await brokerState()) === "open");
  expect((await gateway.post("sleep", { seconds: 1 })).status).toBe(202);
  await until(
    "the sweeper goes on",
    async () => (await gateway.store.find(orphan.id))?.publishedAtMs !== undefined,
  );
});

test("a broker that is killed loses no accepted job, and the gateway finds it again", async () => {
  const accepted: string[] = [];
  for (let count = 0; count < 50; count += 1) {
    const { status, body } = await gateway.post("sleep", { seconds: 1 });
    if (status === 202) accepted.push(String(body["id"]));
  }
  expect(accepted).toHaveLength(50);
  await node.kill();
  await until("the gateway knows", async () => (await brokerState()) === "away");
  expect((await gateway.post("sleep", { seconds: 1 })).body).toMatchObject({ code: "broker-away" });
  await node.start();
  await gateway.server.ready();
  expect((await gateway.post("sleep", { seconds: 1 })).status).toBe(202);
  const messages = (await node.manage("POST", "queues/%2F/jobs.sleep/get", {
    count: 1_000,
    ackmode: "ack_requeue_false",
    encoding: "auto",
  })) as readonly { readonly properties: { readonly message_id: string } }[];
  const found = new Set(messages.map(({ properties }) => properties.message_id));
  expect(accepted.filter((id) => !found.has(id))).toEqual([]);
});

import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createSmtpSink, type SmtpSink } from "../../../embedded/smtp-sink.ts";
import { Consumer } from "../../../kit/src/amqp/consumer.ts";
import { createPublisher, type Publisher } from "../../../kit/src/amqp/publisher.ts";
import { defineJob, type JobHandler } from "../../../kit/src/job/define-job.ts";
import { encodeEvent, EVENT_MESSAGE_TYPE, type JobEvent } from "../../../kit/src/job/job-event.ts";
import { uuidV7 } from "../../../kit/src/job/uuid-v7.ts";
import { silentLogger } from "../../../kit/src/logger.ts";
import { createWorker } from "../../../kit/src/worker/create-worker.ts";
import { type JobStore, StoreUnavailableError } from "../../../src/gateway/ports.ts";
import { emailContract } from "../../../src/jobs/email-contract.ts";
import { createEmailHandler } from "../../../src/jobs/email-handler.ts";
import { sleepContract } from "../../../src/jobs/sleep-contract.ts";
import { sleepHandler } from "../../../src/jobs/sleep-handler.ts";
import type { PostgresJobStore } from "../../../src/store/postgres-job-store.ts";
import { freshDatabase } from "../../support/fresh-database.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import { type GatewayUnderTest, type HarnessOptions, startGateway, until } from "./gateway-harness.ts";
import { eventOf } from "./job-store-suite.ts";

const TOPOLOGY = { deliveryLimit: 3, delayStepsMs: [20, 40] };
const BACKOFF = { minMs: 20, maxMs: 100 };

let vhost: FreshVhost;
let databaseUrl: string;
let sink: SmtpSink;
let publisher: Publisher;
const stops: (() => Promise<void>)[] = [];

const flakyContract = defineJob({ type: "flaky", payload: z.object({}), attempts: 2 });

async function gatewayOn(options: Partial<HarnessOptions> = {}): Promise<GatewayUnderTest> {
  const gateway = await startGateway({
    amqpUrl: vhost.amqpUrl(),
    databaseUrl,
    topology: TOPOLOGY,
    contracts: [emailContract, sleepContract, flakyContract],
    ...options,
  });
  stops.push(gateway.stop);
  await gateway.server.ready();
  return gateway;
}

async function workerWith(...jobs: readonly JobHandler[]): Promise<void> {
  const worker = createWorker({ amqpUrl: vhost.amqpUrl(), jobs, topology: TOPOLOGY, reconnect: BACKOFF });
  stops.push(() => worker.stop());
  await worker.start();
  await worker.ready();
}

async function tell(body: string, type = EVENT_MESSAGE_TYPE): Promise<void> {
  const outcome = await publisher.publish({
    exchange: "",
    routingKey: "jobs.state",
    body: Buffer.from(body),
    properties: { messageId: "told", type },
  });
  expect(outcome.kind).toBe("confirmed");
}

const settled = async (gateway: GatewayUnderTest, id: unknown): Promise<Record<string, unknown>> => {
  const read = async () => (await gateway.get(`/v1/jobs/${String(id)}`)).body;
  await until(`job ${String(id)} settles`, async () =>
    ["succeeded", "dead_lettered"].includes(String((await read())["status"])),
  );
  return read();
};

beforeAll(async () => {
  vhost = await freshVhost();
  databaseUrl = await freshDatabase();
  sink = createSmtpSink();
  await sink.start();
  publisher = createPublisher({ link: { url: vhost.amqpUrl(), role: "test", logger: silentLogger } });
  await publisher.start();
  await publisher.ready();
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});
afterAll(async () => {
  await publisher.stop();
  await sink.stop();
  await vhost.remove();
});

test("a sleep job goes from POST through a worker to succeeded", async () => {
  const gateway = await gatewayOn();
  await workerWith(sleepHandler);
  const { body } = await gateway.post("sleep", { seconds: 0.01 });
  expect(await settled(gateway, body["id"])).toMatchObject({
    status: "succeeded",
    attempt: 1,
    run: 1,
    worker: expect.any(String),
    lastEventAt: expect.any(String),
  });
});

test("a job that fails to its last attempt ends dead-lettered, with the error in its row", async () => {
  const gateway = await gatewayOn();
  const fails = flakyContract.handle(() => {
    throw new Error("out of stock");
  });
  await workerWith(fails);
  const { body } = await gateway.post("flaky", {});
  expect(await settled(gateway, body["id"])).toMatchObject({
    status: "dead_lettered",
    attempt: 2,
    error: { code: "handler-failed", message: "out of stock" },
  });
});

test("GET /email arrives as a mail whose Message-ID is the job's id", async () => {
  const gateway = await gatewayOn();
  await workerWith(createEmailHandler({ smtpUrl: `smtp://${sink.host}:${sink.port()}` }));
  const before = sink.received.length;
  const query = new URLSearchParams({
    to: "ann@example.com",
    from: "millrace@example.com",
    subject: "Grüße",
    content: "Hello Ann,\n\nit works.",
  });
  const { status, body } = await gateway.get(`/email?${query.toString()}`);
  expect(status).toBe(202);
  const mail = await sink.mail(before);
  expect(mail).toMatchObject({ from: "millrace@example.com", to: ["ann@example.com"] });
  expect(mail.source).toMatch(new RegExp(`^Message-ID: <${String(body["id"])}@`, "im"));
  expect(mail.source).toContain("it works.");
  expect((await settled(gateway, body["id"]))["status"]).toBe("succeeded");
});

test("a job that the broker gives up is dead-lettered in its row, with the delivery limit as the reason", async () => {
  const gateway = await gatewayOn();
  const { body } = await gateway.post("flaky", {});
  const crashing = new Consumer({
    link: { url: vhost.amqpUrl(), role: "test crash", logger: silentLogger, backoff: BACKOFF },
    subscriptions: [{ queue: "jobs.flaky", prefetch: 1, onDelivery: (delivery) => void delivery.requeue() }],
  });
  stops.push(() => crashing.stop());
  await crashing.start();
  expect(await settled(gateway, body["id"])).toMatchObject({
    status: "dead_lettered",
    attempt: 1,
    error: { code: "delivery-limit" },
  });
});

test("events are acknowledged after the commit: what one gateway could not write, another one does", async () => {
  let refusals = 0;
  const broken = await gatewayOn({
    wrapStore: (store: PostgresJobStore): JobStore =>
      Object.assign(Object.create(store) as JobStore, {
        insert: store.insert.bind(store),
        markPublished: store.markPublished.bind(store),
        find: store.find.bind(store),
        applyEvents: () => {
          refusals += 1;
          return Promise.reject(new StoreUnavailableError("away"));
        },
      }),
  });
  const { body } = await broken.post("sleep", { seconds: 1 });
  await tell(encodeEvent(eventOf(String(body["id"]), "succeeded")));
  await until("the first gateway holds the event", () => refusals > 0);
  await stops.pop()?.();
  const healthy = await gatewayOn();
  expect((await settled(healthy, body["id"]))["status"]).toBe("succeeded");
});

test("messages that are no events, and events of unknown jobs, are passed over and counted", async () => {
  const gateway = await gatewayOn();
  const { body } = await gateway.post("sleep", { seconds: 1 });
  const id = String(body["id"]);
  await tell("not JSON");
  await tell('{"kind":"succeeded"}');
  await tell("{}", "");
  await tell(encodeEvent(eventOf(uuidV7(Date.now(), randomBytes(10)), "succeeded")));
  const hostile = { ...eventOf(id, "started"), run: 1e300, worker: 7 } as unknown as JobEvent;
  await tell(encodeEvent(hostile));
  await tell(encodeEvent(eventOf(id, "succeeded")));
  expect(await settled(gateway, id)).toMatchObject({ status: "succeeded", run: 1 });
  const metrics = String((await gateway.get("/metrics")).body["text"]);
  expect(metrics).toContain('gateway_state_events_total{outcome="unreadable"} 3');
});

test("an event proves that the broker has the job: a row whose confirm was lost is published", async () => {
  const gateway = await gatewayOn();
  const { body } = await gateway.post("sleep", { seconds: 1 });
  const id = String(body["id"]);
  await gateway.store.idle();
  await gateway.pool.query(
    "UPDATE jobs SET published_at = NULL, lease_until = now() + interval '1 h' WHERE id = $1",
    [id],
  );
  await tell(encodeEvent(eventOf(id, "started")));
  await until(
    "the row is published",
    async () => (await gateway.store.find(id))?.publishedAtMs !== undefined,
  );
  const { rows } = await gateway.pool.query("SELECT lease_until FROM jobs WHERE id = $1", [id]);
  expect(rows).toEqual([{ lease_until: null }]);
});

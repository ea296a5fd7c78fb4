import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createFaultProxy, type FaultProxy } from "../../../embedded/fault-proxy.ts";
import type { NewJob } from "../../../src/gateway/ports.ts";
import { freshDatabase } from "../../support/fresh-database.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import {
  type GatewayUnderTest,
  type HarnessOptions,
  startGateway,
  takeAll,
  until,
} from "./gateway-harness.ts";
import { newJob } from "./job-store-suite.ts";

let vhost: FreshVhost;
let proxy: FaultProxy;
const stops: (() => Promise<void>)[] = [];

/** Where a confirm must never come: elsewhere it may be late, and a job stays with its gateway. */
const QUICK = { confirmSeconds: 0.3, leaseSeconds: 1, sweepSeconds: 0.05 };

async function gatewayBehindProxy(options: Partial<HarnessOptions> = {}): Promise<GatewayUnderTest> {
  const gateway = await startGateway({
    amqpUrl: vhost.amqpUrl({ proxyPort: proxy.port() }),
    databaseUrl: await freshDatabase(),
    gateway: { sweepSeconds: 0.05 },
    ...options,
  });
  stops.push(gateway.stop);
  return gateway;
}

/** Takes all messages out. */
const idsIn = async (queue: string): Promise<readonly unknown[]> =>
  (await takeAll(vhost, queue)).map(({ properties }) => properties["message_id"]);

beforeAll(async () => {
  vhost = await freshVhost();
  proxy = createFaultProxy({ host: vhost.host, port: vhost.amqpPort });
  await proxy.start();
});
afterEach(async () => {
  proxy.mode("pass");
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await vhost.manage("DELETE", "queues/{vhost}/jobs.sleep");
});
afterAll(async () => {
  await proxy.stop();
  await vhost.remove();
});

test("with the broker away at the start the gateway listens, refuses with Retry-After, and recovers by itself", async () => {
  proxy.mode("refuse");
  const gateway = await gatewayBehindProxy();
  const refused = await gateway.post("sleep", { seconds: 1 });
  expect(refused.status).toBe(503);
  expect(refused.body).toMatchObject({ code: "broker-away" });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await gateway.get("/readyz")).body).toEqual({ status: "ready", broker: "away" });
  proxy.mode("pass");
  await gateway.server.ready();
  expect((await gateway.post("sleep", { seconds: 1 })).status).toBe(202);
});

test("with the link lost in the middle it refuses, still answers reads, and recovers by itself", async () => {
  const gateway = await gatewayBehindProxy();
  await gateway.server.ready();
  const { body } = await gateway.post("sleep", { seconds: 1 });
  proxy.mode("refuse");
  proxy.reset();
  await until(
    "the link is noticed as lost",
    async () => (await gateway.get("/readyz")).body["broker"] === "away",
  );
  const refused = await gateway.post("sleep", { seconds: 1 });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).not.toBeNull();
  expect((await gateway.get(`/v1/jobs/${String(body["id"])}`)).status).toBe(200);
  proxy.mode("pass");
  await gateway.server.ready();
  expect((await gateway.post("sleep", { seconds: 1 })).status).toBe(202);
});

test("a confirm that is lost is an unknown outcome, and the sweeper settles it under the same id", async () => {
  const gateway = await gatewayBehindProxy({ gateway: QUICK });
  await gateway.server.ready();
  proxy.dropOnly("to-client");
  const answer = await gateway.post("sleep", { seconds: 1 });
  expect(answer.status).toBe(503);
  expect(answer.body).toMatchObject({ code: "outcome-unknown", id: expect.any(String) });
  const id = String(answer.body["id"]);
  expect((await gateway.get(`/v1/jobs/${id}`)).body).not.toHaveProperty("publishedAt");
  const before: unknown[] = [];
  await until("the broker has it", async () => {
    before.push(...(await idsIn("jobs.sleep")));
    return before.length > 0;
  });
  proxy.mode("pass");
  proxy.reset();
  await until(
    "the sweeper settles the row",
    async () => (await gateway.get(`/v1/jobs/${id}`)).body["publishedAt"] !== undefined,
  );
  const after = await idsIn("jobs.sleep");
  expect(after).not.toEqual([]);
  expect(new Set([...before, ...after])).toEqual(new Set([id]));
});

test("a job whose bytes never arrive is not lost either", async () => {
  const gateway = await gatewayBehindProxy({ gateway: QUICK });
  await gateway.server.ready();
  proxy.mode("drop");
  const { body } = await gateway.post("sleep", { seconds: 1 });
  expect(body["code"]).toBe("outcome-unknown");
  proxy.mode("pass");
  proxy.reset();
  await until(
    "the sweeper settles the row",
    async () => (await gateway.get(`/v1/jobs/${String(body["id"])}`)).body["publishedAt"] !== undefined,
  );
  expect(new Set(await idsIn("jobs.sleep"))).toEqual(new Set([body["id"]]));
});

test("rows of a gateway that died between the row and the publish are published once by two others", async () => {
  const databaseUrl = await freshDatabase();
  const died = await gatewayBehindProxy({ databaseUrl, gateway: { sweepSeconds: 60 } });
  const jobs = Array.from({ length: 450 }, () => newJob());
  await Promise.all(jobs.map((job) => died.store.insert(job)));
  const others = await Promise.all([
    gatewayBehindProxy({ databaseUrl }),
    gatewayBehindProxy({ databaseUrl }),
  ]);
  await Promise.all(others.map(({ server }) => server.ready()));
  // From now on both look for rows at the same time.
  await died.pool.query("UPDATE jobs SET lease_until = now() - interval '1 s'");
  await until("no row is unpublished", async () => {
    const { rows } = await died.pool.query("SELECT 1 FROM jobs WHERE published_at IS NULL LIMIT 1");
    return rows.length === 0;
  });
  const ids = await idsIn("jobs.sleep");
  expect(ids).toHaveLength(450);
  expect(new Set(ids)).toEqual(new Set(jobs.map((job) => job.id)));
  const texts = await Promise.all(others.map(async (other) => (await other.get("/metrics")).body["text"]));
  const swept = texts.map(
    (text) => /^gateway_outbox_swept_total\{outcome="confirmed"\} (\d+)$/m.exec(String(text))?.[1] ?? 0,
  );
  expect(swept.reduce((sum: number, count) => sum + Number(count), 0)).toBe(450);
});

test("a full queue is a 503 that rejects the row for good", async () => {
  const gateway = await gatewayBehindProxy({ topology: { prefix: "small", maxLength: 2 } });
  await gateway.server.ready();
  const answers = [];
  // A quorum queue's limit is soft by some messages.
  for (let count = 0; count < 50 && answers.at(-1)?.status !== 503; count += 1) {
    answers.push(await gateway.post("sleep", { seconds: 1 }));
  }
  const refused = answers.at(-1);
  expect(refused?.status).toBe(503);
  expect(refused?.body).toMatchObject({ code: "queue-full" });
  expect(refused?.headers.get("retry-after")).not.toBeNull();
  expect((await gateway.get(`/v1/jobs/${String(refused?.body["id"])}`)).body["status"]).toBe("rejected");
  await takeAll(vhost, "small.sleep");
  expect((await gateway.post("sleep", { seconds: 1 })).status).toBe(202);
});

test("a queue that was deleted is a 503, never a 202 for a job that is nowhere", async () => {
  const gateway = await gatewayBehindProxy();
  await gateway.server.ready();
  await vhost.manage("DELETE", "queues/{vhost}/jobs.sleep");
  const answer = await gateway.post("sleep", { seconds: 1 });
  expect(answer.status).toBe(503);
  expect(answer.body).toMatchObject({ code: "queue-missing" });
  expect(answer.headers.get("retry-after")).not.toBeNull();
});

test.each(["refuse", "drop"] as const)(
  "with a database that does not answer (%s) submissions are refused with Retry-After, and afterwards taken again",
  async (mode) => {
    const databaseUrl = new URL(await freshDatabase());
    const databaseProxy = createFaultProxy({ host: databaseUrl.hostname, port: Number(databaseUrl.port) });
    await databaseProxy.start();
    stops.push(() => databaseProxy.stop());
    databaseUrl.hostname = databaseProxy.host;
    databaseUrl.port = String(databaseProxy.port());
    const gateway = await gatewayBehindProxy({ databaseUrl: databaseUrl.href, databaseTimeoutMs: 3_000 });
    await gateway.server.ready();
    expect((await gateway.post("sleep", { seconds: 1 })).status).toBe(202);
    await gateway.store.idle();
    databaseProxy.mode(mode);
    if (mode === "refuse") databaseProxy.reset();
    const refused = await gateway.post("sleep", { seconds: 1 });
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: "store-unavailable" });
    expect(refused.headers.get("retry-after")).not.toBeNull();
    databaseProxy.mode("pass");
    await until(
      "it takes jobs again",
      async () => (await gateway.post("sleep", { seconds: 1 })).status === 202,
    );
  },
);

test("a request that runs when the gateway drains is answered, and no other is taken", async () => {
  const inserting = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const gateway = await gatewayBehindProxy({
    wrapStore: (store) =>
      new Proxy(store, {
        get: (target, name) => {
          if (name !== "insert") return target[name as "find"].bind(target);
          return async (job: NewJob) => {
            inserting.resolve();
            await gate.promise;
            return target.insert(job);
          };
        },
      }),
  });
  await gateway.server.ready();
  const { url } = gateway.server;
  const running = gateway.post("sleep", { seconds: 1 });
  await inserting.promise;
  const stopped = gateway.server.stop();
  await until("it takes no more connections", async () => {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    return answer === undefined;
  });
  gate.resolve();
  expect((await running).status).toBe(202);
  await stopped;
  expect(await takeAll(vhost, "jobs.sleep")).toHaveLength(1);
});

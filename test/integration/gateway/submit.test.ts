import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase } from "../../support/fresh-database.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import { type GatewayUnderTest, startGateway, takeAll, until } from "./gateway-harness.ts";

let vhost: FreshVhost;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  vhost = await freshVhost();
  gateway = await startGateway({
    amqpUrl: vhost.amqpUrl(),
    databaseUrl: await freshDatabase(),
    gateway: { bodyLimitBytes: 2_048 },
  });
  await gateway.server.ready();
});

afterAll(async () => {
  await gateway.stop();
  await vhost.remove();
});

test("a job is answered with 202 once the broker has it, byte for byte, in the envelope of the design", async () => {
  const raw = '{ "seconds": 1.50 }';
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const answer = await gateway.post("sleep", raw, { traceparent });
  expect(answer.status).toBe(202);
  const { id } = answer.body;
  expect(answer.body).toEqual({ id, status: "queued", links: { self: `/v1/jobs/${String(id)}` } });
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const [message] = await takeAll(vhost, "jobs.sleep");
  expect(message?.payload).toBe(raw);
  expect(message?.properties).toMatchObject({
    message_id: id,
    type: "sleep",
    content_type: "application/json",
    delivery_mode: 2,
    reply_to: "jobs.state",
    timestamp: expect.any(Number),
    headers: { "x-run": 1, "x-attempt": 1, traceparent },
  });
  const { headers } = message?.properties ?? {};
  expect(headers?.["x-eligible-at-ms"]).toBe(headers?.["x-enqueued-at-ms"]);
  await until("the row is marked", async () => {
    const found = await gateway.get(`/v1/jobs/${String(id)}`);
    return found.body["publishedAt"] !== undefined;
  });
  expect((await gateway.get(`/v1/jobs/${String(id)}`)).body).toMatchObject({
    id,
    type: "sleep",
    status: "queued",
    run: 1,
    attempt: 0,
  });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase } from "../../support/fresh-database.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import { type GatewayUnderTest, startGateway, takeAll, until } from "./gateway-harness.ts";

let vhost: FreshVhost;
let databaseUrl: string;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  vhost = await freshVhost();
  databaseUrl = await freshDatabase();
  gateway = await startGateway({
    amqpUrl: vhost.amqpUrl(),
    databaseUrl,
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

test.each([
  ["malformed JSON", "sleep", "{", {}, 400, "body-malformed"],
  ["a payload that does not fit", "sleep", '{"seconds":"1"}', {}, 400, "payload-invalid"],
  ["an unknown type", "nothing", "{}", {}, 404, "type-unknown"],
  ["a body over the limit", "sleep", `"${"x".repeat(3_000)}"`, {}, 413, "body-too-large"],
  [
    "another content type",
    "sleep",
    "a=1",
    { "content-type": "application/xml" },
    415,
    "media-type-unsupported",
  ],
])("%s is refused over HTTP and leaves no row and no message", async (...row) => {
  const [, type, body, headers, status, code] = row;
  const before = await gateway.store.countByStatus();
  const answer = await gateway.post(type, body, headers);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(answer.body).toMatchObject({ status, code });
  expect(await gateway.store.countByStatus()).toEqual(before);
  expect(await takeAll(vhost, "jobs.sleep")).toEqual([]);
});

test("the field at fault is named over HTTP", async () => {
  const { body } = await gateway.post("sleep", { seconds: 1, minutes: 2 });
  expect(body["errors"]).toMatchObject([{ field: "minutes" }]);
});

test("a body that never says its length is cut off at the limit", async () => {
  const chunks = (async function* () {
    for (let count = 0; count < 100; count += 1) yield Buffer.from("x".repeat(100));
  })();
  const response = await fetch(`${gateway.server.url}/v1/jobs/sleep`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: ReadableStream.from(chunks),
    duplex: "half",
  });
  expect(response.status).toBe(413);
});

test("many submissions of one key at two gateways make one job and one message", async () => {
  const other = await startGateway({ amqpUrl: vhost.amqpUrl(), databaseUrl });
  await other.server.ready();
  const headers = { "idempotency-key": "order-7" };
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      (index % 2 === 0 ? gateway : other).post("sleep", { seconds: 2 }, headers),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
  expect(new Set(answers.map(({ body }) => body["id"])).size).toBe(1);
  expect(await takeAll(vhost, "jobs.sleep")).toHaveLength(1);
  expect((await other.post("sleep", { seconds: 3 }, headers)).status).toBe(409);
  await other.stop();
});

test("a thousand submissions at one time are a thousand rows and a thousand messages", async () => {
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, () => gateway.post("sleep", { seconds: 0 })),
  );
  const ids = answers.map(({ body }) => String(body["id"]));
  expect(answers.every(({ status }) => status === 202)).toBe(true);
  expect(new Set(ids).size).toBe(1_000);
  expect((await gateway.store.statusesOf(ids)).size).toBe(1_000);
  const messages = await takeAll(vhost, "jobs.sleep");
  expect(new Set(messages.map(({ properties }) => properties["message_id"]))).toEqual(new Set(ids));
  await gateway.store.idle();
  const { rows } = await gateway.pool.query(
    "SELECT 1 FROM jobs WHERE published_at IS NULL AND status = 'queued'",
  );
  expect(rows).toEqual([]);
});

import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { z } from "zod";
import { defineJob } from "../../kit/src/job/define-job.ts";
import { silentLogger } from "../../kit/src/logger.ts";
import { uuidV7 } from "../../kit/src/job/uuid-v7.ts";
import { emailContract } from "../jobs/email-contract.ts";
import { sleepContract } from "../jobs/sleep-contract.ts";
import { MemoryJobStore } from "../store/memory-job-store.ts";
import { buildGateway } from "./build-gateway.ts";
import { createGatewayMetrics } from "./metrics.ts";
import { parseGatewayOptions } from "./options.ts";
import {
  type InsertOutcome,
  type JobPublisher,
  type JobStore,
  type NewJob,
  type PublishOutcome,
  type StoredJob,
  StoreUnavailableError,
  type UnpublishedJob,
} from "./ports.ts";

class FakePublisher implements JobPublisher {
  readonly published: UnpublishedJob[] = [];
  now: "open" | "away" | "blocked" = "open";
  /** What comes of the next publishes; confirmed when it is empty. */
  readonly outcomes: (PublishOutcome | Promise<PublishOutcome>)[] = [];

  state(): "open" | "away" | "blocked" {
    return this.now;
  }

  async publish(job: UnpublishedJob): Promise<PublishOutcome> {
    this.published.push(job);
    return (await this.outcomes.shift()) ?? "confirmed";
  }
}

class CountingStore extends MemoryJobStore {
  inserts = 0;
  finds = 0;

  override insert(job: NewJob): Promise<InsertOutcome> {
    this.inserts += 1;
    return super.insert(job);
  }

  override find(id: string): Promise<StoredJob | undefined> {
    this.finds += 1;
    return super.find(id);
  }
}

const upperContract = defineJob({
  type: "upper",
  payload: z.object({
    text: z.string().transform((text) => text.toUpperCase()),
    count: z.number().default(1),
  }),
});

function setup(changes: { readonly store?: Partial<JobStore> } = {}) {
  const publisher = new FakePublisher();
  const registry = new Registry();
  let nowMs = 1_700_000_000_000;
  let lastRandom = 0;
  const memory = new CountingStore({ leaseMs: 30_000, nowMs: () => nowMs });
  const store = Object.assign(memory, changes.store);
  const app = buildGateway(
    {
      store,
      publisher,
      registry,
      metrics: createGatewayMetrics(registry),
      log: silentLogger,
      nowMs: () => (nowMs += 50),
      newId: () => uuidV7(nowMs, Buffer.alloc(10, (lastRandom += 1))),
      contracts: [emailContract, sleepContract, upperContract],
    },
    parseGatewayOptions({ bodyLimitBytes: 1_024, confirmSeconds: 0.2 }),
  );
  const post = (type: string, payload: unknown, headers: Record<string, string> = {}) =>
    app.inject({
      method: "POST",
      url: `/v1/jobs/${type}`,
      headers: { "content-type": "application/json", ...headers },
      payload: typeof payload === "string" ? payload : JSON.stringify(payload),
    });
  const metric = async (line: string) =>
    (await registry.metrics()).split("\n").find((text) => text.startsWith(line));
  return { app, publisher, store, post, metric };
}

test("a submission is a row, then a publish, then 202 with a link to the row", async () => {
  const { app, publisher, post, metric } = setup();
  const answer = await post("sleep", { seconds: 1 });
  expect(answer.statusCode).toBe(202);
  const { id } = answer.json();
  expect(answer.json()).toEqual({ id, status: "queued", links: { self: `/v1/jobs/${id}` } });
  expect(publisher.published).toMatchObject([{ id, type: "sleep", payload: '{"seconds":1}' }]);
  const found = await app.inject(`/v1/jobs/${id}`);
  expect(found.statusCode).toBe(200);
  expect(found.json()).toMatchObject({
    id,
    type: "sleep",
    status: "queued",
    attempt: 0,
    publishedAt: expect.any(String),
  });
  expect(await metric('gateway_jobs_accepted_total{type="sleep"}')).toMatch(/ 1$/);
});

test("defaults and transforms are left to the worker: the input goes out as it came in", async () => {
  const { publisher, post } = setup();
  const raw = '{ "text": "as is" }';
  expect((await post("upper", raw)).statusCode).toBe(202);
  expect(publisher.published[0]?.payload).toBe(raw);
});

test.each([
  ["malformed JSON", "sleep", "{", {}, 400, "body-malformed"],
  ["a body that is not UTF-8", "sleep", Buffer.from([0x22, 0xff, 0x22]), {}, 400, "body-malformed"],
  ["no body", "sleep", "", {}, 400, "body-malformed"],
  ["a payload that does not fit", "sleep", '{"seconds":"1"}', {}, 400, "payload-invalid"],
  [
    "a bad idempotency key",
    "sleep",
    '{"seconds":1}',
    { "idempotency-key": "a b" },
    400,
    "idempotency-key-invalid",
  ],
  ["an unknown type", "nothing", "{}", {}, 404, "type-unknown"],
  ["a type named like a property of objects", "constructor", "{}", {}, 404, "type-unknown"],
  ["a body over the limit", "sleep", `"${"x".repeat(2_000)}"`, {}, 413, "body-too-large"],
  [
    "another content type",
    "sleep",
    "seconds=1",
    { "content-type": "text/plain" },
    415,
    "media-type-unsupported",
  ],
])("%s is answered with its problem document, counted, and never published", async (...row) => {
  const [, type, payload, headers, status, code] = row;
  const { app, publisher, metric } = setup();
  const answer = await app.inject({
    method: "POST",
    url: `/v1/jobs/${type}`,
    headers: { "content-type": "application/json", ...headers },
    payload,
  });
  expect(answer.statusCode).toBe(status);
  expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
  expect(answer.json()).toMatchObject({ status, code, type: `urn:millrace:error:${code}` });
  expect(publisher.published).toEqual([]);
  const label = type === "sleep" ? "sleep" : "unknown";
  expect(await metric(`gateway_jobs_rejected_total{type="${label}",reason="${code}"}`)).toMatch(/ 1$/);
});

test("the field that is wrong is named", async () => {
  const { post } = setup();
  const { detail, errors } = (await post("sleep", { seconds: -1 })).json();
  expect(errors).toMatchObject([{ field: "seconds" }]);
  expect(detail).toContain("sleep: seconds: ");
});

test.each([
  ["away", "broker-away"],
  ["blocked", "broker-blocked"],
] as const)("while the broker is %s nothing is written", async (state, code) => {
  const { publisher, post, store } = setup();
  publisher.now = state;
  const answer = await post("sleep", { seconds: 1 });
  expect(answer.statusCode).toBe(503);
  expect(answer.json().code).toBe(code);
  expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
  expect((await store.countByStatus()).queued).toBe(0);
});

test.each([
  ["full", "queue-full"],
  ["unroutable", "queue-missing"],
  ["away", "broker-away"],
  ["blocked", "broker-blocked"],
] as const)("a publish that ends as %s rejects the row for good", async (outcome, code) => {
  const { publisher, post, store } = setup();
  publisher.outcomes.push(outcome);
  const answer = await post("sleep", { seconds: 1 });
  expect(answer.statusCode).toBe(503);
  expect(answer.json().code).toBe(code);
  expect(answer.headers["retry-after"]).toBeDefined();
  expect((await store.find(answer.json().id))?.status).toBe("rejected");
});

test("an unknown outcome names the job and keeps its row", async () => {
  const { publisher, post, store } = setup();
  publisher.outcomes.push("unknown");
  const answer = await post("sleep", { seconds: 1 });
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ code: "outcome-unknown", id: expect.any(String) });
  expect(await store.find(answer.json().id)).toMatchObject({ status: "queued", publishedAtMs: undefined });
});

test("a refusal that cannot be written down is an unknown outcome: the sweeper will publish the row", async () => {
  const { publisher, post } = setup({
    store: { reject: () => Promise.reject(new StoreUnavailableError("away")) },
  });
  publisher.outcomes.push("full");
  expect((await post("sleep", { seconds: 1 })).json().code).toBe("outcome-unknown");
});

test("a mark that fails does not take the 202 back", async () => {
  const { post } = setup({
    store: { markPublished: () => Promise.reject(new StoreUnavailableError("away")) },
  });
  expect((await post("sleep", { seconds: 1 })).statusCode).toBe(202);
});

test("without the store nothing is published", async () => {
  const { publisher, post } = setup({
    store: { insert: () => Promise.reject(new StoreUnavailableError("away")) },
  });
  const answer = await post("sleep", { seconds: 1 });
  expect(answer.statusCode).toBe(503);
  expect(answer.json().code).toBe("store-unavailable");
  expect(answer.headers["retry-after"]).toBeDefined();
  expect(publisher.published).toEqual([]);
});

test("a defect is a 500 that keeps its reason to the log", async () => {
  const { post } = setup({ store: { insert: () => Promise.reject(new Error("secret")) } });
  const answer = await post("sleep", { seconds: 1 });
  expect(answer.statusCode).toBe(500);
  expect(answer.json().code).toBe("internal");
  expect(answer.body).not.toContain("secret");
});

test("a key that is repeated with the same input, however it is written, answers the same job", async () => {
  const { publisher, post, metric } = setup();
  const headers = { "idempotency-key": "order-1" };
  const first = await post("sleep", '{"seconds":1}', headers);
  const second = await post("sleep", '{ "seconds": 1.0 }', headers);
  expect(second.statusCode).toBe(202);
  expect(second.json()).toEqual(first.json());
  expect(second.headers["idempotent-replayed"]).toBe("true");
  expect(first.headers["idempotent-replayed"]).toBeUndefined();
  expect(publisher.published).toHaveLength(1);
  expect(await metric('gateway_jobs_accepted_total{type="sleep"}')).toMatch(/ 1$/);
});

test("a key with another payload is a conflict that names the first job", async () => {
  const { post } = setup();
  const headers = { "idempotency-key": "order-1" };
  const { id } = (await post("sleep", { seconds: 1 }, headers)).json();
  const answer = await post("sleep", { seconds: 2 }, headers);
  expect(answer.statusCode).toBe(409);
  expect(answer.json()).toMatchObject({ code: "idempotency-key-reused", id });
});

test("a replay waits for the first submission's confirm", async () => {
  const { publisher, store, post } = setup();
  const confirm = Promise.withResolvers<PublishOutcome>();
  publisher.outcomes.push(confirm.promise);
  const headers = { "idempotency-key": "order-1" };
  const first = post("sleep", { seconds: 1 }, headers);
  const second = post("sleep", { seconds: 1 }, headers);
  await expect.poll(() => publisher.published.length).toBe(1);
  const answered: string[] = [];
  void second.then(() => answered.push("replay"));
  await expect.poll(() => store.finds).toBeGreaterThan(1);
  expect(answered).toEqual([]);
  confirm.resolve("confirmed");
  expect((await second).json()).toEqual((await first).json());
  expect((await second).statusCode).toBe(202);
});

test("a replay whose first submission gets no confirm is told that the outcome is unknown", async () => {
  const { publisher, post } = setup();
  publisher.outcomes.push("unknown");
  const headers = { "idempotency-key": "order-1" };
  const { id } = (await post("sleep", { seconds: 1 }, headers)).json();
  expect((await post("sleep", { seconds: 1 }, headers)).json()).toMatchObject({
    code: "outcome-unknown",
    id,
  });
});

test("a replay whose first submission was refused may try again, as a new job", async () => {
  const { publisher, store, post } = setup();
  const refusal = Promise.withResolvers<PublishOutcome>();
  publisher.outcomes.push(refusal.promise);
  const headers = { "idempotency-key": "order-1" };
  const first = post("sleep", { seconds: 1 }, headers);
  await expect.poll(() => publisher.published.length).toBe(1);
  const second = post("sleep", { seconds: 1 }, headers);
  await expect.poll(() => store.inserts).toBe(2);
  refusal.resolve("full");
  const { id } = (await first).json();
  expect((await second).json()).toMatchObject({ code: "submission-refused", id });
  const third = await post("sleep", { seconds: 1 }, headers);
  expect(third.statusCode).toBe(202);
  expect(third.json().id).not.toBe(id);
});

test("a trace context that is well-formed goes along, another one is dropped", async () => {
  const { publisher, post } = setup();
  const traceparent = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
  await post("sleep", { seconds: 1 }, { traceparent });
  await post("sleep", { seconds: 1 }, { traceparent: "00-x" });
  expect(publisher.published.map((job) => job.traceparent)).toEqual([traceparent, undefined]);
});

test("GET /email submits its query as a job of type email and is not cached", async () => {
  const { app, publisher } = setup();
  const answer = await app.inject("/email?to=a@example.com&from=b@example.com&subject=Hi%20there&content=x");
  expect(answer.statusCode).toBe(202);
  expect(answer.headers["cache-control"]).toBe("no-store");
  expect(publisher.published).toMatchObject([{ id: answer.json().id, type: "email" }]);
  expect(JSON.parse(publisher.published[0]?.payload ?? "")).toEqual({
    to: "a@example.com",
    from: "b@example.com",
    subject: "Hi there",
    content: "x",
  });
});

test.each([
  ["to", "from=b@example.com&subject=s&content=c"],
  ["from", "to=a@example.com&from=nobody&subject=s&content=c"],
  ["subject", "to=a@example.com&from=b@example.com&subject=a%0d%0aBcc:c@example.com&content=c"],
  ["content", "to=a@example.com&from=b@example.com&subject=s"],
  ["to", "to=a@example.com&to=c@example.com&from=b@example.com&subject=s&content=c"],
  ["cc", "to=a@example.com&from=b@example.com&subject=s&content=c&cc=c@example.com"],
])("GET /email names the parameter %s when it is wrong", async (field, query) => {
  const { app, publisher } = setup();
  const answer = await app.inject(`/email?${query}`);
  expect(answer.statusCode).toBe(400);
  expect(answer.json().errors).toMatchObject([{ field }]);
  expect(publisher.published).toEqual([]);
});

test("a job without a row and an address that does not exist are problem documents too", async () => {
  const { app } = setup();
  expect((await app.inject("/v1/jobs/018bcfe5-6b2e-7e80-83ce-6664bb9de71f")).json().code).toBe("job-unknown");
  expect((await app.inject("/v1/jobs/%27%20or%201")).json().code).toBe("job-unknown");
  expect((await app.inject("/nothing?x=1")).json()).toMatchObject({
    code: "route-unknown",
    detail: "GET /nothing is not an address of this API",
  });
  expect((await app.inject("/v1/jobs/%ff")).json()).toMatchObject({ code: "request-invalid", status: 400 });
});

test("health, readiness, metrics and the API's description answer without the broker", async () => {
  const { app, publisher } = setup();
  publisher.now = "away";
  expect((await app.inject("/healthz")).json()).toEqual({ status: "ok" });
  expect((await app.inject("/readyz")).json()).toEqual({ status: "ready", broker: "away" });
  const metrics = await app.inject("/metrics");
  expect(metrics.headers["content-type"]).toContain("text/plain");
  expect(metrics.body).toContain(
    'http_request_duration_seconds_count{method="GET",route="/readyz",status="200"} 1',
  );
  const { paths } = (await app.inject("/openapi.json")).json();
  expect(Object.keys(paths)).toEqual([
    "/v1/jobs/email",
    "/v1/jobs/sleep",
    "/v1/jobs/upper",
    "/email",
    "/v1/jobs/{id}",
  ]);
  expect(paths["/v1/jobs/sleep"].post.requestBody.content["application/json"].schema).toMatchObject({
    properties: { seconds: { type: "number" } },
    required: ["seconds"],
  });
});

test("two gateways in one process share nothing", async () => {
  const [one, two] = [setup(), setup()];
  await one.post("sleep", { seconds: 1 });
  expect(await two.metric("gateway_jobs_accepted_total{")).toBeUndefined();
  expect(two.publisher.published).toEqual([]);
});

import { expect, test } from "vitest";
import { startedScenario } from "../../test/fakes/operator-scenario.ts";
import type { AutoscalerView } from "./autoscaler-view.ts";
import { explanationOf } from "./explanation.ts";
import { buildOperatorServer } from "./http-server.ts";

async function served({ looked = true } = {}) {
  const scenario = await startedScenario();
  if (looked) {
    scenario.world.publish(20);
    await scenario.walk(4);
  }
  const server = buildOperatorServer({
    autoscalers: () => scenario.operator.autoscalers,
    registry: scenario.registry,
    notReadyBecause: () => (looked ? undefined : "the first cycle has not ended"),
  });
  return { scenario, get: (url: string) => server.inject({ url }) };
}

test("tells everything about one autoscaler, in the shape of its resource", async () => {
  const { scenario, get } = await served();
  const response = await get("/v1/autoscalers/default/images");
  const view: AutoscalerView = response.json();
  expect(response.statusCode).toBe(200);
  expect(view).toMatchObject({
    apiVersion: "millrace.dev/v1alpha1",
    kind: "WorkerAutoscaler",
    metadata: { namespace: "default", name: "images" },
    spec: { replicas: { min: 0, max: 10 } },
    status: {
      replicas: { desired: scenario.desired, ready: scenario.ready },
      lastDecision: {
        explanation: expect.any(String),
        reason: expect.any(String),
        limitedBy: expect.any(Array),
      },
    },
  });
  expect(view.status.conditions.map(({ type }) => type)).toContain("ObjectiveFeasible");
  expect(view.status.history.at(0)).toMatchObject({ from: 0, outcome: "scaled" });
  expect(view.decisions.length).toBeGreaterThanOrEqual(view.status.history.length);
  expect(view.verdict?.terms.length).toBeGreaterThan(0);
  expect(view.signals[0]).toMatchObject({
    id: "default///jobs.image",
    broker: { ready: expect.any(Number) },
  });
});

test("answers by name alone while only one namespace has it", async () => {
  const { scenario, get } = await served();
  expect((await get("/v1/autoscalers/images")).statusCode).toBe(200);
  const [first] = scenario.resources;
  if (first === undefined) throw new Error("no resource");
  scenario.operator.replaceAutoscalers([
    first,
    { ...first, metadata: { ...first.metadata, namespace: "other" } },
  ]);
  const response = await get("/v1/autoscalers/images");
  expect(response.statusCode).toBe(409);
  expect(response.json()).toMatchObject({
    code: "autoscaler-ambiguous",
    autoscalers: ["default/images", "other/images"],
  });
});

test("an unknown name is a problem document that lists the known ones", async () => {
  const { get } = await served();
  for (const path of ["/v1/autoscalers/nobody", "/v1/autoscalers/other/images"]) {
    const response = await get(path);
    expect(response.statusCode).toBe(404);
    expect(response.headers["content-type"]).toContain("application/problem+json");
    expect(response.json()).toMatchObject({ code: "autoscaler-unknown", autoscalers: ["default/images"] });
  }
});

test("the list comes without the long histories", async () => {
  const { get } = await served();
  const { items } = (await get("/v1/autoscalers")).json();
  expect(items).toEqual([expect.objectContaining({ metadata: expect.objectContaining({ name: "images" }) })]);
  expect(items[0]).not.toHaveProperty("decisions");
});

test("is alive at once and ready after the first cycle", async () => {
  const { get } = await served({ looked: false });
  expect((await get("/healthz")).statusCode).toBe(200);
  const waiting = await get("/readyz");
  expect([waiting.statusCode, waiting.json()]).toEqual([
    503,
    { status: "not ready", because: "the first cycle has not ended" },
  ]);
  expect((await (await served()).get("/readyz")).statusCode).toBe(200);
});

test("an autoscaler that was never looked at answers without claiming anything", async () => {
  const { get } = await served({ looked: false });
  const view: AutoscalerView = (await get("/v1/autoscalers/images")).json();
  expect(view.status).toEqual({ conditions: [], replicas: {}, objective: {}, estimate: {}, history: [] });
  expect(view).not.toHaveProperty("verdict");
  expect(view).not.toHaveProperty("lookedAt");
});

test("metrics come in Prometheus' format, with the join from autoscalers to queues", async () => {
  const { get } = await served();
  const response = await get("/metrics");
  expect(response.headers["content-type"]).toContain("text/plain");
  expect(response.body).toContain(
    'millrace_autoscaler_queue_info{namespace="default",autoscaler="images",broker="default",vhost="/",queue="jobs.image"} 1',
  );
  expect(response.body).toMatch(
    /^millrace_queue_messages_ready\{broker="default",vhost="\/",queue="jobs.image"\} \d+$/m,
  );
});

test("a follower is ready, says what it is, and sends people to the leader", async () => {
  const scenario = await startedScenario();
  const server = buildOperatorServer({
    autoscalers: () => [],
    isFollower: () => true,
    registry: scenario.registry,
    notReadyBecause: () => undefined,
  });
  const ready = await server.inject({ url: "/readyz" });
  expect([ready.statusCode, ready.json()]).toEqual([200, { status: "ok", role: "follower" }]);
  for (const url of ["/v1/autoscalers/images", "/v1/autoscalers/default/images"]) {
    const answer = await server.inject({ url });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      503,
      { code: "operator-follows", autoscalers: [] },
    ]);
  }
});

test("a follower that could not take over is not ready, and says why", async () => {
  const scenario = await startedScenario();
  const server = buildOperatorServer({
    autoscalers: () => [],
    isFollower: () => true,
    registry: scenario.registry,
    notReadyBecause: () => "The operator's role lacks get on leases.",
  });
  const answer = await server.inject({ url: "/readyz" });
  expect([answer.statusCode, answer.json()]).toEqual([
    503,
    { status: "not ready", because: "The operator's role lacks get on leases." },
  ]);
});

test("sentences about the operator go with each autoscaler, and with its readiness", async () => {
  const scenario = await startedScenario();
  const server = buildOperatorServer({
    autoscalers: () => scenario.operator.autoscalers,
    notes: () => ["Idle queues are looked at every 2 s."],
    registry: scenario.registry,
    notReadyBecause: () => undefined,
  });
  const view: AutoscalerView = (await server.inject({ url: "/v1/autoscalers/images" })).json();
  expect(view.notes).toEqual(["Idle queues are looked at every 2 s."]);
  expect((await server.inject({ url: "/readyz" })).json()).toEqual({
    status: "ok",
    notes: ["Idle queues are looked at every 2 s."],
  });
  expect(explanationOf(view, { last: 1, nowMs: 0 })).toContain("Idle queues are looked at every 2 s.");
});

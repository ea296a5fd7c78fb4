import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { findFreePort } from "../../../embedded/run-scope.ts";
import { ServedPage } from "../../fakes/served-page.ts";
import { StreamReader } from "../../support/stream-reader.ts";
import type { Detail, Problem } from "../../../src/console/contract.ts";
import { gatewayPage } from "../../../src/console/gateway-page.ts";
import type { RelayTiming } from "../../../src/console/operator-relay.ts";

/** Of what happens by itself, on a machine with other things to do. */
const soon = { timeout: 20_000, interval: 20 };

/** A gateway that serves only the page; `guard` is asked before each of its routes. */
async function gatewayAt(
  operatorUrl: string | undefined,
  {
    guard,
    timing,
  }: {
    readonly guard?: (headers: IncomingHttpHeaders) => boolean;
    readonly timing?: RelayTiming;
  } = {},
) {
  const app = Fastify({ logger: false, routerOptions: { maxParamLength: 2_300 } });
  app.addHook("onRequest", async (request, reply) => {
    if (guard?.(request.headers) === false) await reply.code(401).send({ code: "unauthenticated" });
  });
  void app.register(
    gatewayPage({
      operatorUrl: operatorUrl === undefined ? undefined : new URL(`${operatorUrl}/`),
      ...(timing !== undefined && { timing }),
    }),
  );
  onTestFinished(() => app.close());
  return { app, url: await app.listen({ host: "127.0.0.1", port: 0 }) };
}

async function operatorPageAt() {
  const page = new ServedPage();
  onTestFinished(() => page.server.close());
  return { page, url: await page.start() };
}

/** Something that listens where an operator should. */
async function listening(answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
}

const problemAt = async (app: FastifyInstance, url = "/console/stream"): Promise<Problem> => {
  const answer = await app.inject({ url });
  expect(answer.statusCode).toBe(503);
  expect(answer.headers["content-type"]).toContain("application/problem+json");
  expect(answer.headers).toHaveProperty("retry-after");
  expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
  return answer.json();
};

describe("a gateway with an operator", () => {
  test("serves the page, and passes on what the operator tells, as it comes", async () => {
    const { page, url } = await operatorPageAt();
    const gateway = await gatewayAt(url);
    expect((await fetch(gateway.url)).headers.get("content-type")).toBe("text/html; charset=utf-8");
    const reader = await StreamReader.open(gateway.url);
    expect(await reader.snapshot()).toMatchObject({
      role: "leader",
      autoscalers: [{ key: "default/images" }],
    });
    expect(reader.response.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    page.scenario.world.publish(30);
    await page.scenario.walk(2);
    const told = await reader.next(({ event }) => event === "changes");
    expect(told.data).toMatchObject({ changed: [{ key: "default/images", backlog: 30 }] });
  });

  test("asks for details with the same name and the same query, whatever is in them", async () => {
    const { page, url } = await operatorPageAt();
    const { app } = await gatewayAt(url);
    const answer = await app.inject({ url: "/console/autoscalers/default/images?series=none&limit=1" });
    expect(answer.json<Detail>()).toMatchObject({ summary: { key: "default/images" } });
    expect(answer.json<Detail>().decisions.length).toBe(1);
    expect((await app.inject({ url: "/console/autoscalers/default/images?limit=x" })).statusCode).toBe(400);
    const path = ["a/../b?c#d", '"}<img onerror>€'].map(encodeURIComponent).join("/");
    const unknown = await app.inject({ url: `/console/autoscalers/${path}` });
    expect(unknown.json<Problem>()).toMatchObject({
      code: "autoscaler-unknown",
      title: 'No autoscaler is named a/../b?c#d/"}<img onerror>€.',
    });
    expect(page.scenario.operator.autoscalers.length).toBe(1);
  });

  test("tells the operator nothing of who asks, and takes no more from it than the answer", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const url = await listening((request, response) => {
      seen.push(request.headers);
      response.setHeader("set-cookie", "a=b");
      response.setHeader("content-type", "application/json").end("{}");
    });
    const { app } = await gatewayAt(url);
    const headers = { authorization: "Bearer secret", cookie: "session=1", "x-forwarded-for": "1.2.3.4" };
    const answer = await app.inject({ url: "/console/autoscalers/a/b", headers });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).not.toHaveProperty("set-cookie");
    expect(Object.keys(seen[0] ?? {}).toSorted()).toEqual(["connection", "host"]);
  });

  test("keeps no stream to the operator when its reader goes, and its readers' streams end with it", async () => {
    const { page, url } = await operatorPageAt();
    const gateway = await gatewayAt(url);
    const open = () =>
      new Promise((resolve) => {
        page.server.server.getConnections((_error, count) => resolve(count));
      });
    const reader = await StreamReader.open(gateway.url);
    await reader.snapshot();
    expect(await open()).toBe(1);
    reader.close();
    await expect.poll(open, soon).toBe(0);
    const second = await StreamReader.open(gateway.url);
    await second.snapshot();
    await gateway.app.close();
    await second.closed;
    await expect.poll(open, soon).toBe(0);
  });

  test("ends the stream when the operator ends, and goes on when it is there again", async () => {
    const port = await findFreePort();
    const startOperator = async () => {
      const { scenario, server } = new ServedPage();
      onTestFinished(() => server.close());
      await scenario.operator.restore();
      await server.listen({ host: "127.0.0.1", port });
      return server;
    };
    const first = await startOperator();
    const gateway = await gatewayAt(`http://127.0.0.1:${port}`);
    const reader = await StreamReader.open(gateway.url);
    await reader.snapshot();
    await first.close();
    await reader.closed;
    expect(await problemAt(gateway.app)).toMatchObject({
      code: "operator-away",
      title: "The operator does not answer.",
      detail: expect.stringContaining("ECONNREFUSED"),
    });
    await startOperator();
    const second = await StreamReader.open(gateway.url);
    expect(await second.snapshot()).toMatchObject({ total: 1 });
  });

  test("finds the one that leads among several behind one address", async () => {
    const { page, url } = await operatorPageAt();
    const follower = await operatorPageAt();
    follower.page.isFollower = true;
    let connections = 0;
    // As a Service does: each connection goes to the next.
    const service = await listening((request, response) => {
      const target = connections++ % 3 === 2 ? url : follower.url;
      void fetch(`${target}${request.url}`).then(async (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(await answer.text());
      });
    });
    const { app } = await gatewayAt(service);
    for (let round = 0; round < 3; round++) {
      const answer = await app.inject({ url: "/console/autoscalers/default/images?series=none" });
      expect(answer.statusCode).toBe(200);
    }
    expect(connections).toBe(9);
    page.isFollower = true;
    expect(await problemAt(app, "/console/autoscalers/default/images")).toMatchObject({
      code: "operator-follows",
    });
  });
});

describe("a gateway says in words", () => {
  test("that it has no operator, and how to give it one, while the page itself is there", async () => {
    const { app } = await gatewayAt(undefined);
    expect((await app.inject({ url: "/" })).statusCode).toBe(200);
    for (const path of ["/console/stream", "/console/autoscalers/a/b"]) {
      expect(await problemAt(app, path)).toMatchObject({
        code: "operator-not-configured",
        detail: expect.stringContaining("--operator-url http://host:port (or MILLRACE_OPERATOR_URL)"),
      });
    }
  });

  test("that something else answers there", async () => {
    const url = await listening((_request, response) => {
      response
        .writeHead(302, { location: "http://169.254.169.254/", "content-type": "text/html" })
        .end("<p>");
    });
    const { app } = await gatewayAt(url);
    expect(await problemAt(app)).toMatchObject({
      code: "operator-away",
      title: "What answers there is no operator.",
    });
  });

  test("that nobody answers in time", async () => {
    const timing = { answerMs: 200, silenceMs: 15_000 };
    const { app } = await gatewayAt(await listening(() => {}), { timing });
    expect(await problemAt(app)).toMatchObject({
      code: "operator-away",
      detail: expect.stringContaining("no answer in 0.2 s"),
    });
  });
});

test("a gateway ends a stream on which the operator has fallen silent", async () => {
  const url = await listening((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(": here\n\n");
  });
  const gateway = await gatewayAt(url, { timing: { answerMs: 5_000, silenceMs: 200 } });
  const answer = await StreamReader.answer(gateway.url);
  const closed = new Promise((resolve) => {
    answer.once("close", resolve).on("error", () => {});
  });
  answer.resume();
  await closed;
  expect(answer.complete).toBe(false);
});

test("what guards the gateway's routes guards the page, the stream and the details", async () => {
  const { url } = await operatorPageAt();
  const { app } = await gatewayAt(url, { guard: ({ authorization }) => authorization === "Bearer right" });
  for (const path of ["/", "/console/main.js", "/console/stream", "/console/autoscalers/default/images"]) {
    expect((await app.inject({ url: path })).statusCode, path).toBe(401);
  }
  const right = { authorization: "Bearer right" };
  expect((await app.inject({ url: "/", headers: right })).statusCode).toBe(200);
});

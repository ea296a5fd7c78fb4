import type { FastifyInstance } from "fastify";
import type { GatewayDeps } from "./build-gateway.ts";
import { openapiDocument } from "./openapi.ts";

/** What Prometheus, Kubernetes and people who explore the API ask for. */
export function registerOperationalRoutes(
  app: FastifyInstance,
  deps: Pick<GatewayDeps, "contracts" | "publisher" | "registry">,
): void {
  const openapi = openapiDocument(deps.contracts);
  let draining = false;
  app.addHook("preClose", (done) => {
    draining = true;
    done();
  });
  // A connection that outlived the request running now would keep the server open until its keep-alive ends.
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (draining) void reply.header("connection", "close");
    done();
  });
  app.get("/openapi.json", () => openapi);
  app.get("/healthz", () => ({ status: "ok" }));
  // Ready means "send requests here": they are answered, with 503 and Retry-After while the broker is away. If its
  // absence made every gateway unready, clients would get no answer at all.
  app.get("/readyz", (_request, reply) =>
    reply
      .code(draining ? 503 : 200)
      .send({ status: draining ? "draining" : "ready", broker: deps.publisher.state() }),
  );
  app.get("/metrics", async (_request, reply) => {
    const text = await deps.registry.metrics();
    return reply.type(deps.registry.contentType).send(text);
  });
}

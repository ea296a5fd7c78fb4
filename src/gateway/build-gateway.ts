import Fastify, { type FastifyInstance, type FastifyPluginAsync } from "fastify";
import type { Registry } from "prom-client";
import type { JobContract } from "../../kit/src/job/define-job.ts";
import { answerError, answerProblem, problemOf } from "./answer-error.ts";
import { registerEmailRoute } from "./email-route.ts";
import { ProblemError } from "./errors.ts";
import { registerJobRoutes } from "./job-routes.ts";
import { parseJsonBody } from "./json-body.ts";
import { registerOperationalRoutes } from "./operational-routes.ts";
import type { GatewayOptions } from "./options.ts";
import type { SubmitDeps } from "./submit-job.ts";

export type GatewayDeps = SubmitDeps & {
  /** The job types that are taken; one contract a type. */
  readonly contracts: readonly JobContract[];
  /** What /metrics shows; the metrics of `metrics` are registered in it. */
  readonly registry: Registry;
  /** Routes of the page; without it there is none. */
  readonly page?: FastifyPluginAsync | undefined;
};

/** A connection that sends nothing for so long in the middle of a request is closed. */
const REQUEST_TIMEOUT_MS = 60_000;

/** A name of the page's has at most 253 characters, each up to nine in a path: `%E2%82%AC`. */
const MAX_PARAM_LENGTH = 2_300;

/** More are closed at once. */
const MAX_CONNECTIONS = 10_000;

/** The HTTP API, for its caller to `inject` into or to `listen`. Starts no timer and opens nothing. */
export function buildGateway(deps: GatewayDeps, options: GatewayOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: options.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // While it closes, requests on open connections are still served; each answer closes its connection.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error, _request, reply) => void answerProblem(reply, problemOf(error)),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.decorateRequest("jobType", undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parseJsonBody);
  app.setErrorHandler((error: Error, _request, reply) => answerError(deps, error, reply));
  app.setNotFoundHandler((request, reply) => {
    const detail = `${request.method} ${request.url.split("?", 1)[0] ?? ""} is not an address of this API`;
    return answerProblem(reply, new ProblemError("route-unknown", { detail }));
  });
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unmatched";
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    deps.metrics.requestSeconds.observe(labels, reply.elapsedTime / 1_000);
    done();
  });
  const contracts = new Map(deps.contracts.map((contract) => [contract.type, contract]));
  registerJobRoutes(app, deps, { options, contracts });
  const email = contracts.get("email");
  if (email !== undefined) registerEmailRoute(app, deps, { options, contract: email });
  registerOperationalRoutes(app, deps);
  if (deps.page !== undefined) void app.register(deps.page);
  return app;
}

import Fastify, { type FastifyInstance, type FastifyPluginAsync } from "fastify";
import type { Registry } from "prom-client";
import { type AutoscalerView, viewOf } from "./autoscaler-view.ts";
import type { Autoscaler } from "./autoscaler.ts";
import { exposition } from "./exposition.ts";

export type OperatorHttpDeps = {
  readonly autoscalers: () => readonly Autoscaler[];
  /** Sentences that go with every single autoscaler. */
  readonly notes?: () => readonly string[];
  /** Another operator leads: this one knows nothing of the autoscalers. */
  readonly isFollower?: () => boolean;
  readonly registry: Registry;
  /** Undefined when ready, as one that follows and could take over is; otherwise why not yet. */
  readonly notReadyBecause: () => string | undefined;
  /** Routes of the page; without it there is none. */
  readonly page?: FastifyPluginAsync | undefined;
};

/** A name has at most 253 characters, each up to nine in a path: `%E2%82%AC`. */
const maxParamLength = 2_300;

/** The operator's answers to people and to Prometheus. Reads only; never listens by itself. */
export function buildOperatorServer({
  autoscalers,
  notes = () => [],
  isFollower = () => false,
  registry,
  notReadyBecause,
  page,
}: OperatorHttpDeps): FastifyInstance {
  const server = Fastify({
    logger: false,
    requestTimeout: 10_000,
    bodyLimit: 1_024,
    routerOptions: { maxParamLength },
  });
  if (page !== undefined) void server.register(page);
  server.get("/metrics", async (_request, reply) =>
    reply.type(registry.contentType).send(await exposition(registry)),
  );
  server.get("/healthz", async () => ({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => {
    const because = notReadyBecause();
    if (because !== undefined) return reply.code(503).send({ status: "not ready", because });
    const said = notes();
    return {
      status: "ok",
      ...(isFollower() && { role: "follower" }),
      ...(said.length > 0 && { notes: said }),
    };
  });
  server.get("/v1/autoscalers", async () => ({ items: autoscalers().map(summaryOf) }));
  server.get<{ Params: { namespace: string; name: string } }>(
    "/v1/autoscalers/:namespace/:name",
    async (request, reply) => {
      const { namespace, name } = request.params;
      const found = autoscalers().filter(({ key }) => key === `${namespace}/${name}`);
      return isFollower()
        ? answerFollower(reply)
        : answer(reply, { asked: `${namespace}/${name}`, found, all: autoscalers(), notes: notes() });
    },
  );
  server.get<{ Params: { name: string } }>("/v1/autoscalers/:name", async (request, reply) => {
    const { name } = request.params;
    const found = autoscalers().filter(({ resource }) => resource.metadata.name === name);
    return isFollower()
      ? answerFollower(reply)
      : answer(reply, { asked: name, found, all: autoscalers(), notes: notes() });
  });
  return server;
}

/** In the list an autoscaler comes without its long history. */
function summaryOf(autoscaler: Autoscaler): Omit<AutoscalerView, "decisions"> {
  const { decisions: _decisions, ...summary } = viewOf(autoscaler);
  return summary;
}

type Reply = { code(status: number): Reply; type(mime: string): Reply; send(body: object): Reply };

type Question = {
  readonly asked: string;
  readonly found: readonly Autoscaler[];
  readonly all: readonly Autoscaler[];
  readonly notes: readonly string[];
};

const answerFollower = (reply: Reply): Reply =>
  reply.code(503).type("application/problem+json").send({
    type: "about:blank",
    status: 503,
    code: "operator-follows",
    title: "This operator follows another and knows no autoscaler: ask the one that leads.",
    autoscalers: [],
  });

function answer(reply: Reply, { asked, found, all, notes }: Question): Reply {
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return reply.send(viewOf(only, notes));
  const status = only === undefined ? 404 : 409;
  return reply
    .code(status)
    .type("application/problem+json")
    .send({
      type: "about:blank",
      status,
      code: only === undefined ? "autoscaler-unknown" : "autoscaler-ambiguous",
      title:
        only === undefined
          ? `No autoscaler is named ${asked}.`
          : `More than one autoscaler is named ${asked}: ask with the namespace.`,
      autoscalers: (only === undefined ? all : found).map(({ key }) => key),
    });
}

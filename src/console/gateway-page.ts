import { pipeline } from "node:stream/promises";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { askLeader, type RelayTiming, usualRelayTiming } from "./operator-relay.ts";
import { pageFiles } from "./page-files.ts";
import { securityHeaders } from "./security-headers.ts";
import { sendProblem } from "./send-problem.ts";

/** As many as an operator shows itself to. */
const relayedAtOnce = 64;

export type GatewayPageOptions = {
  /** `http://host:port/` of the operator, or of a Service before several; without it the page says how to give one. */
  readonly operatorUrl: URL | undefined;
  readonly timing?: RelayTiming;
};

/**
 * The page at a gateway: its files, and what an operator tells, passed on as it comes. Whatever guards the gateway's routes
 * guards these; nothing of the browser's request but the address goes on to the operator.
 */
export function gatewayPage({
  operatorUrl,
  timing = usualRelayTiming,
}: GatewayPageOptions): FastifyPluginAsync {
  return async (app) => {
    const open = new Set<AbortController>();
    await app.register(pageFiles);
    // A stream never ends by itself, and would hold up the gateway's end.
    app.addHook("preClose", (done) => {
      for (const relay of open) relay.abort();
      done();
    });
    const relay = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      void reply.headers({ ...securityHeaders, "cache-control": "no-store" });
      if (operatorUrl === undefined) return sendProblem(reply, notConfigured);
      if (open.size >= relayedAtOnce) return sendProblem(reply, tooMany);
      const relayed = new AbortController();
      open.add(relayed);
      try {
        return await passOn({ operatorUrl, timing, request, reply, relayed });
      } finally {
        open.delete(relayed);
      }
    };
    app.get("/console/stream", relay);
    app.get("/console/autoscalers/:namespace/:name", relay);
  };
}

type Relay = {
  readonly operatorUrl: URL;
  readonly timing: RelayTiming;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly relayed: AbortController;
};

/** Resolves when all of the answer has been passed on, or either side went away. */
async function passOn({ operatorUrl, timing, request, reply, relayed }: Relay): Promise<FastifyReply> {
  const { signal } = relayed;
  reply.raw.once("close", () => relayed.abort());
  const answer = await askLeader({ operator: operatorUrl, path: pathOf(request), timing, signal });
  if (answer.kind === "away") return sendProblem(reply, away(answer.because));
  const { response } = answer;
  const { statusCode = 502, headers } = response;
  const type = headers["content-type"] ?? "";
  if (!isOurs(type)) {
    response.destroy();
    return sendProblem(reply, notAnOperator(statusCode));
  }
  reply.hijack();
  reply.raw.writeHead(statusCode, {
    ...securityHeaders,
    "cache-control": "no-store",
    "content-type": type,
    "x-accel-buffering": "no",
    ...(headers["retry-after"] !== undefined && { "retry-after": headers["retry-after"] }),
  });
  // The first words of a stream tell the browser that it is there, even before anything happens.
  reply.raw.flushHeaders();
  // Either side may go away at any time; the other then ends too, which is all that is to be done about it.
  await pipeline(response, reply.raw).catch(() => reply.raw.destroy());
  return reply;
}

/** Below the operator's own address, made anew from what the route took in: a browser cannot name another place with it. */
function pathOf({ params, url }: FastifyRequest): string {
  const names = Object.values(params as Readonly<Record<string, string>>).map(encodeURIComponent);
  const [, query] = url.split("?", 2);
  const path = ["console", ...(names.length === 0 ? ["stream"] : ["autoscalers", ...names])].join("/");
  return query === undefined ? path : `${path}?${query}`;
}

const isOurs = (type: string): boolean =>
  ["text/event-stream", "application/json", "application/problem+json"].some((ours) => type.startsWith(ours));

const notConfigured = {
  status: 503,
  code: "operator-not-configured",
  title: "This gateway has no operator to ask.",
  detail:
    "Start it with --operator-url http://host:port (or MILLRACE_OPERATOR_URL); or open the page of the operator itself.",
  retryAfterSeconds: 60,
};

const tooMany = {
  status: 503,
  code: "too-many-streams",
  title: "This gateway shows the operator to as many readers as it can.",
  detail: "Close another page.",
  retryAfterSeconds: 5,
};

const away = (because: string) => ({
  status: 503,
  code: "operator-away",
  title: "The operator does not answer.",
  detail: `The gateway asked it at the address given by --operator-url: ${because}.`,
  retryAfterSeconds: 5,
});

const notAnOperator = (status: number) => ({
  status: 503,
  code: "operator-away",
  title: "What answers there is no operator.",
  detail: `The gateway asked at the address given by --operator-url and got ${status} in another form.`,
  retryAfterSeconds: 5,
});

import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from "fastify";
import type { OperatorFeed } from "../operator/operator-feed.ts";
import { detailOf } from "./detail-of.ts";
import { documents } from "./documents.ts";
import { OperatorNews } from "./operator-news.ts";
import { pageFiles } from "./page-files.ts";
import { parseDetailQuery } from "./parse-detail-query.ts";
import { securityHeaders } from "./security-headers.ts";
import { sendProblem } from "./send-problem.ts";
import { type StreamLimits, usualStreamLimits } from "./stream-hub.ts";

/** From one look at what the operator knows to the next. */
const tickMs = 1_000;
const retryAfterSeconds = 5;

export type OperatorPageOptions = { readonly streams?: StreamLimits };

/** The page of an operator: its files, the documents, the stream of what changes, and the details of one autoscaler. Runs from `ready` to `close`. */
export function operatorPage(feed: OperatorFeed, options: OperatorPageOptions = {}): FastifyPluginAsync {
  const news = new OperatorNews(feed, options.streams ?? usualStreamLimits);
  return async (app) => {
    await app.register(pageFiles);
    await app.register(documents);
    repeatWhileOpen(app, news);
    app.get("/console/stream", (_request, reply) => {
      void tellRole(reply, feed);
      if (news.isFull) {
        return sendProblem(reply, {
          status: 503,
          code: "too-many-streams",
          title: "This operator shows itself to as many readers as it can.",
          detail: `${news.readers} pages are open; close one.`,
          retryAfterSeconds,
        });
      }
      reply.hijack();
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      news.open(reply.raw);
      return reply;
    });
    app.get<{ Params: { namespace: string; name: string }; Querystring: Record<string, unknown> }>(
      "/console/autoscalers/:namespace/:name",
      (request, reply) => {
        void tellRole(reply, feed).header("cache-control", "no-store");
        const query = parseDetailQuery(request.query);
        if (query.kind === "refused") {
          return sendProblem(reply, { status: 400, code: "request-invalid", title: query.because });
        }
        if (feed.isFollower()) return sendProblem(reply, followerProblem(feed));
        const { namespace, name } = request.params;
        const autoscaler = feed
          .autoscalers()
          .find(({ resource: { metadata } }) => metadata.namespace === namespace && metadata.name === name);
        if (autoscaler === undefined) {
          return sendProblem(reply, {
            status: 404,
            code: "autoscaler-unknown",
            title: `No autoscaler is named ${namespace}/${name}.`,
          });
        }
        const { limit, before, withSeries } = query;
        const series = withSeries ? news.series(autoscaler.key) : undefined;
        return detailOf(autoscaler, {
          moment: news.moment(),
          notes: news.notes(),
          page: { limit, before },
          series,
        });
      },
    );
  };
}

function repeatWhileOpen(app: FastifyInstance, news: OperatorNews): void {
  let timer: NodeJS.Timeout | undefined;
  app.addHook("onReady", (done) => {
    timer = setInterval(() => news.tick(), tickMs);
    timer.unref();
    done();
  });
  // Before the connections are closed: a stream never ends by itself.
  app.addHook("preClose", (done) => {
    clearInterval(timer);
    news.end();
    done();
  });
}

/** For a gateway that may reach any of several operators, and wants the one that leads. */
const tellRole = (reply: FastifyReply, feed: OperatorFeed): FastifyReply =>
  reply.headers({ ...securityHeaders, "millrace-role": feed.isFollower() ? "follower" : "leader" });

const followerProblem = (feed: OperatorFeed) => ({
  status: 503,
  code: "operator-follows",
  title: "This operator follows another and knows no autoscaler.",
  detail: `Ask the one that leads: ${feed.leader() ?? "which one that is, is not known yet"}.`,
  retryAfterSeconds,
});

import type { ServerResponse } from "node:http";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { ChangesEvent, Decision, Detail, SnapshotEvent, Summary } from "../../src/console/contract.ts";
import { pageFiles } from "../../src/console/page-files.ts";
import { type Refusal, sendProblem } from "../../src/console/send-problem.ts";
import { securityHeaders } from "../../src/console/security-headers.ts";
import type { RunScope } from "../../embedded/run-scope.ts";
import { detailOf } from "./fixtures.ts";

/** What the detail of one autoscaler tells beside its summary. */
export type Told = Partial<Pick<Detail, "notes" | "wouldChange" | "conditions" | "signals" | "series">> & {
  /** All of them, newest first. */
  readonly decisions?: readonly Decision[];
};

type DetailRequest = {
  readonly Params: { readonly namespace: string; readonly name: string };
  readonly Querystring: { readonly before?: string; readonly limit?: string; readonly series?: string };
};

/**
 * The real page and its security headers, told by a test what an operator would tell: for states that are hard to bring
 * about in a real one. Its answers have the types of the contract.
 */
export class FixtureServer {
  readonly #scope: RunScope;
  #app: FastifyInstance | undefined;
  #port = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  readonly #streams = new Set<ServerResponse>();
  readonly #summaries = new Map<string, Summary>();
  readonly #told = new Map<string, Told>();
  #held: Promise<void> | undefined;
  /** Refuses streams. */
  refusal: Refusal | undefined;
  /** Of each snapshot. */
  about: Pick<SnapshotEvent, "role" | "notes"> = { role: "leader", notes: [] };

  constructor(scope: RunScope) {
    this.#scope = scope;
  }

  url(): string {
    return `http://${this.#scope.address}:${this.#port}`;
  }

  /** The first time on any free port, then on the same. */
  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await this.#scope.freePort();
    const app = Fastify({
      logger: false,
      forceCloseConnections: true,
      routerOptions: { maxParamLength: 1_000 },
    });
    await app.register(pageFiles);
    app.get("/console/stream", (_request, reply) => this.#stream(reply));
    app.get<DetailRequest>("/console/autoscalers/:namespace/:name", (request, reply) =>
      this.#detail(request, reply),
    );
    await app.listen({ host: this.#scope.address, port: this.#port });
    this.#app = app;
    this.#heartbeat = setInterval(() => this.change({}), 1_000);
  }

  async stop(): Promise<void> {
    this.fallSilent();
    this.cutStreams();
    await this.#app?.close();
    this.#app = undefined;
  }

  /** Streams stay open, and nothing comes any more. */
  fallSilent(): void {
    clearInterval(this.#heartbeat);
  }

  /** Breaks all streams off; their pages come back. */
  cutStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** Details are asked for and not answered until what this gives is called; the answers are of the time of the question. */
  holdDetails(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  /** What the next snapshot holds, and what each of their details tells. */
  know(summaries: readonly Summary[], told: Told = {}): void {
    this.#summaries.clear();
    for (const summary of summaries) {
      this.#summaries.set(summary.key, summary);
      this.#told.set(summary.key, told);
    }
  }

  /** What the detail of one tells from now on. */
  tell(key: string, told: Told): void {
    this.#told.set(key, { ...this.#told.get(key), ...told });
  }

  /** Tells every open page. */
  change({ changed = [], removed = [], ...rest }: Partial<ChangesEvent>): void {
    for (const summary of changed) this.#summaries.set(summary.key, summary);
    for (const key of removed) this.#summaries.delete(key);
    const event: ChangesEvent = { serverTime: new Date().toISOString(), changed, removed, ...rest };
    for (const stream of this.#streams) stream.write(frame("changes", event));
  }

  #stream(reply: FastifyReply): FastifyReply {
    if (this.refusal !== undefined) return sendProblem(reply, this.refusal);
    reply.hijack();
    reply.raw.writeHead(200, { ...securityHeaders, "content-type": "text/event-stream" });
    const autoscalers = [...this.#summaries.values()];
    const snapshot: SnapshotEvent = {
      serverTime: new Date().toISOString(),
      version: "0.1.0",
      ...this.about,
      total: autoscalers.length,
      autoscalers,
    };
    reply.raw.write(frame("snapshot", snapshot));
    this.#streams.add(reply.raw);
    reply.raw.on("close", () => this.#streams.delete(reply.raw));
    return reply;
  }

  async #detail(
    {
      params: { namespace, name },
      query,
    }: { params: DetailRequest["Params"]; query: DetailRequest["Querystring"] },
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const key = `${namespace}/${name}`;
    const summary = this.#summaries.get(key);
    void reply.headers(securityHeaders);
    if (summary === undefined)
      return sendProblem(reply, {
        status: 404,
        code: "autoscaler-unknown",
        title: `No autoscaler is named ${key}.`,
      });
    const { decisions = [], series, ...told } = this.#told.get(key) ?? {};
    const before = Number(query.before ?? Number.POSITIVE_INFINITY);
    const page = decisions.filter(({ seq }) => seq < before).slice(0, Number(query.limit ?? 25));
    const answer = detailOf(summary, { ...told, decisions: page, decisionCount: decisions.length });
    await this.#held;
    return reply.send(query.series === "none" || series === undefined ? answer : { ...answer, series });
  }
}

const frame = (event: string, data: object): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Registry } from "prom-client";
import type { Service } from "../service.ts";
import type { Worker } from "./assemble-worker.ts";
import { openMetricsOf, prefersOpenMetrics } from "./open-metrics.ts";

export type MetricsServerOptions = {
  readonly worker: Pick<Worker, "isAlive" | "isReady" | "registry">;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
};

/** A worker's `/metrics` (OpenMetrics, with exemplars, to whom prefers it), `/healthz` (503 when only a new process helps) and `/readyz` (503 while it takes no jobs). */
export class MetricsServer implements Service {
  readonly #options: MetricsServerOptions;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      reply(response, 500, `${error instanceof Error ? error.message : String(error)}\n`);
    });
  });

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    this.#server.requestTimeout = 10_000;
  }

  /** The port that is listened on; the one asked for before start. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : this.#options.port;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, "listening"); // rejects on an error, as of a port in use
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer({ url = "", headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { worker } = this.#options;
    const [path] = url.split("?");
    if (path === "/metrics") {
      const isOpenMetrics = prefersOpenMetrics(headers.accept);
      const text = await (isOpenMetrics ? openMetricsOf(worker.registry) : worker.registry.metrics());
      response.setHeader(
        "content-type",
        isOpenMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : worker.registry.contentType,
      );
      return reply(response, 200, text);
    }
    if (path === "/healthz")
      return reply(response, worker.isAlive ? 200 : 503, worker.isAlive ? "ok\n" : "stuck\n");
    if (path === "/readyz") {
      return reply(response, worker.isReady ? 200 : 503, worker.isReady ? "ready\n" : "takes no jobs\n");
    }
    return reply(response, 404, "not found\n");
  }
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.end(text);
}

import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { QueueRef } from "../../../src/operator/ports.ts";

/** A scrape target whose page the test chooses; undefined answers 500, as a dying process would. */
export class MetricsTarget {
  page: string | undefined = "";
  readonly #server: Server;
  readonly #asked = new Set<() => void>();

  constructor() {
    this.#server = createServer((_, response) => {
      response.statusCode = this.page === undefined ? 500 : 200;
      response.end(this.page ?? "");
      for (const asked of this.#asked) asked();
    });
  }

  async start(host: string): Promise<string> {
    this.#server.listen(0, host);
    await once(this.#server, "listening");
    return `${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Shows another page and resolves once Prometheus has stored it: a target's scrapes follow one another, so the second one tells that the first is done. */
  async show(page: string | undefined): Promise<void> {
    this.page = page;
    await new Promise<void>((resolve) => {
      let scrapes = 0;
      const asked = (): void => {
        scrapes += 1;
        if (scrapes < 2) return;
        this.#asked.delete(asked);
        resolve();
      };
      this.#asked.add(asked);
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export type WorkerPage = {
  readonly started?: number;
  readonly processed?: Readonly<Record<string, number>>;
  readonly serviceSeconds?: number;
  readonly busySeconds?: number;
  readonly running?: number;
  /** By queue name; the key "" is a slot that the queues share. */
  readonly slots?: Readonly<Record<string, number>>;
  readonly depth?: number;
  /** Cumulative, the last entry under +Inf. */
  readonly waits?: Readonly<Record<string, number>>;
  readonly processStart?: number;
  readonly pod?: string;
  /** Time that the page itself gives its samples, Unix ms; without it they are of the time of the scrape. */
  readonly atMs?: number;
};

/** What a worker that consumes `queue` would answer. */
export const workerPage = (queue: QueueRef, page: WorkerPage): string => {
  const pod = page.pod === undefined ? "" : `,pod="${page.pod}"`;
  const labels = `broker="${queue.broker}",vhost="${queue.vhost}"${pod}`;
  const own = `${labels},queue="${queue.name}"`;
  const lines = [
    ...Object.entries(page.slots ?? { [queue.name]: 1 }).map(
      ([name, slots]) => `worker_workers_running{${labels},queue="${name}"} ${slots}`,
    ),
    `worker_jobs_started_total{${own},type="t"} ${page.started ?? 0}`,
    ...Object.entries(page.processed ?? { succeeded: 0 }).map(
      ([status, count]) => `worker_jobs_processed_total{${own},type="t",status="${status}"} ${count}`,
    ),
    `worker_jobs_running{${own},type="t"} ${page.running ?? 0}`,
    ...(page.serviceSeconds === undefined
      ? []
      : [`worker_job_duration_seconds_sum{${own},type="t",status="succeeded"} ${page.serviceSeconds}`]),
    ...(page.busySeconds === undefined ? [] : [`worker_busy_seconds_total{${own}} ${page.busySeconds}`]),
    ...(page.depth === undefined ? [] : [`worker_queue_depth{${own}} ${page.depth}`]),
    ...Object.entries(page.waits ?? {}).map(
      ([le, count]) => `worker_job_wait_seconds_bucket{${own},type="t",le="${le}"} ${count}`,
    ),
    `process_start_time_seconds ${page.processStart ?? 1_000}`,
  ];
  const stamp = page.atMs === undefined ? "" : ` ${page.atMs}`;
  return lines.map((line) => `${line}${stamp}\n`).join("");
};

import type { Pool } from "pg";
import { type TopologyOptions, topologyOf } from "../../../kit/src/amqp/topology.ts";
import type { JobContract } from "../../../kit/src/job/define-job.ts";
import { silentLogger } from "../../../kit/src/logger.ts";
import { GatewayServer } from "../../../src/gateway/gateway-server.ts";
import { type GatewayUserOptions, parseGatewayOptions } from "../../../src/gateway/options.ts";
import type { JobStore } from "../../../src/gateway/ports.ts";
import { emailContract } from "../../../src/jobs/email-contract.ts";
import { sleepContract } from "../../../src/jobs/sleep-contract.ts";
import { PostgresJobStore } from "../../../src/store/postgres-job-store.ts";
import { createPostgresPool } from "../../../src/store/postgres-pool.ts";
import { migrate } from "../../../src/store/migrate.ts";

import type { FreshVhost } from "../../support/fresh-vhost.ts";

export type GatewayUnderTest = {
  readonly server: GatewayServer;
  readonly store: PostgresJobStore;
  readonly pool: Pool;
  readonly post: (type: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>;
  readonly get: (path: string) => Promise<Answer>;
  readonly stop: () => Promise<void>;
};

/** `body` as parsed JSON, or as text where it is not JSON. */
type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
};

export type HarnessOptions = {
  readonly amqpUrl: string;
  readonly databaseUrl: string;
  readonly databaseTimeoutMs?: number;
  readonly gateway?: GatewayUserOptions;
  readonly topology?: TopologyOptions;
  readonly contracts?: readonly JobContract[];
  /** Stands between the gateway and its rows. */
  readonly wrapStore?: (store: PostgresJobStore) => JobStore;
};

/** A whole gateway in this process on a free port: real broker, real Postgres, real HTTP. */
export async function startGateway(options: HarnessOptions): Promise<GatewayUnderTest> {
  const pool = createPostgresPool(
    {
      connectionString: options.databaseUrl,
      maxConnections: 5,
      timeoutMs: options.databaseTimeoutMs ?? 5_000,
    },
    silentLogger,
  );
  await migrate(pool);
  const gatewayOptions = parseGatewayOptions({ port: 0, ...options.gateway });
  const store = new PostgresJobStore(pool, gatewayOptions);
  const server = new GatewayServer(
    {
      amqpUrl: options.amqpUrl,
      topology: topologyOf(options.topology),
      store: options.wrapStore?.(store) ?? store,
      contracts: options.contracts ?? [emailContract, sleepContract],
      link: { backoff: { minMs: 20, maxMs: 100 } },
      log: silentLogger,
    },
    gatewayOptions,
  );
  await server.start();
  const { url } = server;
  return {
    server,
    store,
    pool,
    post: async (type, body, headers = {}) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const init = {
        method: "POST",
        body: text,
        headers: { "content-type": "application/json", ...headers },
      };
      return answerOf(await fetch(`${url}/v1/jobs/${type}`, init));
    },
    get: async (path) => answerOf(await fetch(`${url}${path}`)),
    stop: async () => {
      await server.stop();
      await store.idle();
      await pool.end();
    },
  };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
}

export type QueueMessage = {
  readonly payload: string;
  readonly properties: Readonly<Record<string, unknown>> & {
    readonly headers: Readonly<Record<string, unknown>>;
  };
};

/** Takes every ready message out of a queue, over the management API. */
export async function takeAll(vhost: FreshVhost, queue: string): Promise<readonly QueueMessage[]> {
  const request = { count: 10_000, ackmode: "ack_requeue_false", encoding: "auto" };
  return (await vhost.manage("POST", `queues/{vhost}/${queue}/get`, request)) as readonly QueueMessage[];
}

/** Asks until the answer is true; a named condition instead of a sleep. Fails after 45 s. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 45_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never came about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

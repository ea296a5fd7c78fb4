import { Pool } from "pg";
import type { Logger } from "../../kit/src/logger.ts";

export type PostgresPoolOptions = {
  readonly connectionString: string;
  /** Connections at most; 1 to 100. Group commits need few: each carries many jobs. */
  readonly maxConnections: number;
  /** For connecting, for one statement, and for waiting on a free connection. */
  readonly timeoutMs: number;
};

/** A pool that gives up on a silent server after its time-out and survives losing idle connections. */
export function createPostgresPool(options: PostgresPoolOptions, log: Logger): Pool {
  const pool = new Pool({
    connectionString: options.connectionString,
    max: options.maxConnections,
    connectionTimeoutMillis: options.timeoutMs,
    statement_timeout: options.timeoutMs,
    // A server that stops answering does not enforce its own time-out; this one is kept by the client, a little later.
    query_timeout: options.timeoutMs + 500,
    application_name: "millrace-gateway",
  });
  pool.on("error", (error) => log.warn({ err: error }, "lost an idle database connection"));
  return pool;
}

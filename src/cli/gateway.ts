import { once } from "node:events";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { pino } from "pino";
import { type TopologyOptions, topologyOf } from "../../kit/src/amqp/topology.ts";
import { ConfigError } from "../../kit/src/config-error.ts";
import type { JobContract } from "../../kit/src/job/define-job.ts";
import { contractsOf } from "../gateway/contracts-of.ts";
import { GatewayServer } from "../gateway/gateway-server.ts";
import { type GatewayUserOptions, parseGatewayOptions } from "../gateway/options.ts";
import { emailContract } from "../jobs/email-contract.ts";
import { sleepContract } from "../jobs/sleep-contract.ts";
import { migrate } from "../store/migrate.ts";
import { PostgresJobStore } from "../store/postgres-job-store.ts";
import { createPostgresPool } from "../store/postgres-pool.ts";

type Flags = GatewayUserOptions &
  TopologyOptions & {
    readonly amqpUrl?: string;
    readonly databaseUrl?: string;
    readonly databaseConnections: number;
    readonly jobs: readonly string[];
    readonly logLevel: string;
  };

const DATABASE_TIMEOUT_MS = 5_000;

/** `millrace gateway`: takes jobs over HTTP until SIGTERM or SIGINT, then drains; a second signal ends it at once. */
export function gatewayCommand(): Command {
  const env = process.env;
  return new Command()
    .description(
      "Takes jobs over HTTP, keeps their rows, and publishes them. Flags win over the environment.",
    )
    .option("--amqp-url <url>", "broker, amqp://user:password@host:port/vhost (AMQP_URL)", env["AMQP_URL"])
    .option("--database-url <url>", "Postgres, postgres://... (DATABASE_URL)", env["DATABASE_URL"])
    .option("--database-connections <count>", "connections at most (default 5)", Number, 5)
    .option("--host <address>", "address to listen on (GATEWAY_HOST; default 127.0.0.1)", env["GATEWAY_HOST"])
    .option(
      "--port <number>",
      "port to listen on, 0 for any (GATEWAY_PORT; default 8080)",
      Number,
      numberOf(env["GATEWAY_PORT"]),
    )
    .option(
      "--allow-unauthenticated-access",
      "there is no authentication: needed for an address that is not loopback",
    )
    .option("--body-limit-bytes <count>", "of a request (default 1 MiB)", Number)
    .option("--confirm-seconds <seconds>", "how long the broker's confirm is awaited (default 10)", Number)
    .option(
      "--lease-seconds <seconds>",
      "age at which an unconfirmed job is published again (default 30)",
      Number,
    )
    .option("--sweep-seconds <seconds>", "between two looks for unconfirmed jobs (default 5)", Number)
    .option("--prefix <text>", "begins every name at the broker (default jobs); as the workers have it")
    .option("--queue-type <type>", "quorum or classic (default quorum); as the workers have it")
    .option("--delivery-limit <count>", "of the job queues (default 20); as the workers have it", Number)
    .option("--max-length <count>", "of the job queues (default 1000000); as the workers have it", Number)
    .option(
      "--jobs <module...>",
      "modules that export job contracts, beside the built-in email and sleep",
      [],
    )
    .option("--log-level <level>", "debug, info, warn, error or silent", "info")
    .action((flags: Flags) => run(flags));
}

async function run(flags: Flags): Promise<void> {
  const log = pino({ level: flags.logLevel });
  const options = parseGatewayOptions(flags);
  const { amqpUrl, databaseUrl, databaseConnections } = flags;
  if (amqpUrl === undefined || databaseUrl === undefined) {
    throw new ConfigError([
      ...(amqpUrl === undefined ? ["AMQP_URL: required, or --amqp-url"] : []),
      ...(databaseUrl === undefined ? ["DATABASE_URL: required, or --database-url"] : []),
    ]);
  }
  const topology = topologyOf(flags);
  const contracts = await loadContracts(flags.jobs);
  const pool = createPostgresPool(
    { connectionString: databaseUrl, maxConnections: databaseConnections, timeoutMs: DATABASE_TIMEOUT_MS },
    log,
  );
  try {
    const applied = await migrate(pool);
    if (applied.length > 0) log.info({ steps: applied }, "brought the schema up to date");
    const store = new PostgresJobStore(pool, options);
    const server = new GatewayServer({ amqpUrl, topology, store, contracts, log }, options);
    await server.start();
    log.info({ url: server.url, types: contracts.map(({ type }) => type) }, "gateway listening");
    const signal = await untilSignal();
    log.info({ signal }, "draining");
    await server.stop();
    await store.idle();
  } finally {
    await pool.end();
  }
}

async function untilSignal(): Promise<string> {
  const signal = await Promise.race(
    ["SIGTERM", "SIGINT"].map((name) => once(process, name).then(() => name)),
  );
  for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => process.exit(1));
  return signal;
}

async function loadContracts(modules: readonly string[]): Promise<readonly JobContract[]> {
  const contracts: JobContract[] = [emailContract, sleepContract];
  const problems: string[] = [];
  for (const path of modules) {
    try {
      const found = contractsOf(await import(pathToFileURL(resolve(path)).href));
      if (found.length === 0) problems.push(`--jobs ${path}: exports no job contract (see defineJob)`);
      contracts.push(...found);
    } catch (error) {
      problems.push(`--jobs ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const [index, { type }] of contracts.entries()) {
    if (contracts.findIndex((other) => other.type === type) < index)
      problems.push(`job type ${type}: defined twice`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return contracts;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

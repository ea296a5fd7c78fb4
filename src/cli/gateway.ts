import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { pino } from "pino";
import { ConfigError } from "../../kit/src/config-error.ts";
import type { JobContract } from "../../kit/src/job/define-job.ts";
import { untilTerminated } from "../../kit/src/worker/until-terminated.ts";
import { gatewayPage } from "../console/gateway-page.ts";
import { contractsOf } from "../gateway/contracts-of.ts";
import { GatewayServer } from "../gateway/gateway-server.ts";
import { emailContract } from "../jobs/email-contract.ts";
import { sleepContract } from "../jobs/sleep-contract.ts";
import { migrate } from "../store/migrate.ts";
import { PostgresJobStore } from "../store/postgres-job-store.ts";
import { createPostgresPool } from "../store/postgres-pool.ts";
import { asPortProblem } from "./as-port-problem.ts";
import { addGatewayFlags, type GatewayFlags } from "./gateway-flags.ts";
import { parseGatewayFlags } from "./gateway-settings.ts";

const DATABASE_TIMEOUT_MS = 5_000;

/** `millrace gateway`: takes jobs over HTTP until SIGTERM or SIGINT, then drains; a second signal ends it at once. */
export function gatewayCommand(): Command {
  const command = new Command("gateway").description(
    "Takes jobs over HTTP, keeps their rows, publishes them. Flags win over the environment.",
  );
  return addGatewayFlags(command, process.env).action((flags: GatewayFlags) => run(flags));
}

async function run(flags: GatewayFlags): Promise<void> {
  const { settings, problems } = parseGatewayFlags(flags);
  const contracts = await loadContracts(flags.jobs, problems);
  if (settings === undefined || problems.length > 0) throw new ConfigError(problems);
  const { databaseUrl: connectionString, databaseConnections: maxConnections } = settings;
  const { amqpUrl, options, topology, operatorUrl } = settings;
  const log = pino({ level: flags.logLevel });
  const pool = createPostgresPool({ connectionString, maxConnections, timeoutMs: DATABASE_TIMEOUT_MS }, log);
  const terminated = untilTerminated(process, () => performance.now());
  try {
    const steps = await migrate(pool);
    if (steps.length > 0) log.info({ steps }, "brought the schema up to date");
    const store = new PostgresJobStore(pool, options);
    const server = new GatewayServer(
      { amqpUrl, topology, store, contracts, log, page: gatewayPage({ operatorUrl }) },
      options,
    );
    await server.start().catch(asPortProblem("--port"));
    log.info({ url: server.url, types: contracts.map(({ type }) => type) }, "gateway listening");
    const signal = await terminated;
    log.info({ signal }, "draining");
    await server.stop();
    await store.idle();
  } finally {
    await pool.end();
  }
  log.info({}, "drained");
}

async function loadContracts(
  modules: readonly string[],
  problems: string[],
): Promise<readonly JobContract[]> {
  const contracts: JobContract[] = [emailContract, sleepContract];
  for (const path of modules) {
    try {
      const found = contractsOf(await import(pathToFileURL(resolve(path)).href));
      if (found.length === 0) problems.push(`--jobs ${path}: exports no job contract (see defineJob)`);
      contracts.push(...found);
    } catch (error) {
      problems.push(`--jobs ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const types = contracts.map(({ type }) => type);
  const twice = new Set(types.filter((type, index) => types.indexOf(type) < index));
  problems.push(...[...twice].map((type) => `--jobs: job type ${type} is defined twice`));
  return contracts;
}

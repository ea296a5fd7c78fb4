import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import Fastify from "fastify";
import { createPostgres } from "../embedded/postgres.ts";
import { createRabbitmq, type Rabbitmq } from "../embedded/rabbitmq.ts";
import { createRunScope } from "../embedded/run-scope.ts";
import { topologyOf } from "../kit/src/amqp/topology.ts";
import { silentLogger } from "../kit/src/logger.ts";
import { GatewayServer } from "../src/gateway/gateway-server.ts";
import { parseGatewayOptions } from "../src/gateway/options.ts";
import { sleepContract } from "../src/jobs/sleep-contract.ts";
import { MemoryJobStore } from "../src/store/memory-job-store.ts";
import { migrate } from "../src/store/migrate.ts";
import { PostgresJobStore } from "../src/store/postgres-job-store.ts";
import { createPostgresPool } from "../src/store/postgres-pool.ts";

/**
 * Confirmed POSTs a second of the gateway, divided by those of a bare fastify route that checks the same payload and
 * answers the same document, measured in turns in the same run. Each server is a process of its own; the load
 * generator, the server, the broker and Postgres share the machine.
 *
 *   node bench/gateway.ts [--json] [--rounds 5] [--seconds 4] [--connections 100]
 */

const VARIANTS = ["bare", "publish", "rows", "rowsWithoutFsync"] as const;
type Variant = (typeof VARIANTS)[number];

const MEANING: Readonly<Record<Variant, string>> = {
  bare: "bare fastify POST (reference)",
  publish: "publish path alone, rows in memory",
  rows: "rows on Postgres, fsync on",
  rowsWithoutFsync: "rows on the embedded Postgres, fsync off",
};
/** The least ratio that is good enough; undefined is only reported. */
const BARS: Readonly<Partial<Record<Variant, number>>> = { publish: 0.2, rows: 0.1 };

type LoadResult = {
  readonly requests: { readonly total: number; readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly non2xx: number;
  readonly errors: number;
};
// It ships no types.
const autocannon = createRequire(import.meta.url)("autocannon") as (
  options: Readonly<Record<string, unknown>>,
) => Promise<LoadResult>;

type Settings = { readonly rounds: number; readonly seconds: number; readonly connections: number };
type Sample = { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number };

/** In the child: serves one variant, and tells its address on standard output. */
async function serve(variant: Variant): Promise<void> {
  const announce = (url: string): void => console.log(`listening ${url}`);
  if (variant === "bare") {
    announce(await serveBare());
    return;
  }
  const options = parseGatewayOptions({ port: 0 });
  const server = new GatewayServer(
    {
      amqpUrl: process.env["AMQP_URL"] ?? "",
      topology: topologyOf(),
      store: variant === "publish" ? memoryStore() : await postgresStore(),
      contracts: [sleepContract],
      log: silentLogger,
    },
    options,
  );
  await server.start();
  await server.ready();
  announce(server.url);
}

async function serveBare(): Promise<string> {
  const app = Fastify({ logger: false });
  const schema = {
    body: {
      type: "object",
      required: ["seconds"],
      additionalProperties: false,
      properties: { seconds: { type: "number", minimum: 0, maximum: 3_600 } },
    },
  };
  app.post("/v1/jobs/sleep", { schema }, async (_request, reply) => {
    const id = randomUUID();
    return reply.code(202).send({ id, status: "queued", links: { self: `/v1/jobs/${id}` } });
  });
  return app.listen({ host: "127.0.0.1", port: 0 });
}

function memoryStore(): MemoryJobStore {
  return new MemoryJobStore({ leaseMs: 30_000, nowMs: () => Date.now() });
}

async function postgresStore(): Promise<PostgresJobStore> {
  const connectionString = process.env["DATABASE_URL"] ?? "";
  const pool = createPostgresPool({ connectionString, maxConnections: 5, timeoutMs: 5_000 }, silentLogger);
  await migrate(pool);
  return new PostgresJobStore(pool, { leaseMs: 30_000 });
}

async function startServer(
  variant: Variant,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [import.meta.filename, "--serve", variant], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const chunk of child.stdout) {
    const url = /listening (\S+)/.exec(String(chunk))?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the server of ${variant} ended before it listened`);
}

async function load(url: string, seconds: number, connections: number): Promise<Sample> {
  const result = await autocannon({
    url: `${url}/v1/jobs/sleep`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"seconds":0.5}',
    connections,
    duration: seconds,
  });
  if (result.errors > 0 || result.non2xx > 0) {
    throw new Error(
      `${result.errors} errors and ${result.non2xx} refusals under load: the figures would mean nothing`,
    );
  }
  return { perSecond: result.requests.average, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}

async function measure(
  settings: Settings,
  progress: (line: string) => void,
): Promise<Record<Variant, Sample[]>> {
  const samples: Record<Variant, Sample[]> = { bare: [], publish: [], rows: [], rowsWithoutFsync: [] };
  const scope = await createRunScope();
  const otherScope = await createRunScope();
  const children: ChildProcess[] = [];
  try {
    const broker = await createRabbitmq(scope);
    const durable = await createPostgres(scope, { fsync: true });
    const embedded = await createPostgres(otherScope);
    await Promise.all([broker.start(), durable.start(), embedded.start()]);
    const databases: Partial<Record<Variant, string>> = {
      rows: durable.url(),
      rowsWithoutFsync: embedded.url(),
    };
    const urls = new Map<Variant, string>();
    for (const variant of VARIANTS) {
      const env = { AMQP_URL: broker.amqpUrl(), DATABASE_URL: databases[variant] ?? "" };
      const { child, url } = await startServer(variant, env);
      children.push(child);
      urls.set(variant, url);
      await load(url, 1, settings.connections);
    }
    for (let round = 1; round <= settings.rounds; round += 1) {
      for (const variant of VARIANTS) {
        await purge(broker);
        const sample = await load(urls.get(variant) ?? "", settings.seconds, settings.connections);
        samples[variant].push(sample);
        progress(`round ${round} ${variant}: ${sample.perSecond.toFixed(0)}/s, p99 ${sample.p99Ms} ms`);
      }
    }
  } finally {
    await Promise.all(children.map((child) => endOf(child)));
    await Promise.all([scope.stop(), otherScope.stop()]);
  }
  return samples;
}

/** Every variant begins with an empty queue. */
async function purge(broker: Rabbitmq): Promise<void> {
  await broker.manage("DELETE", "queues/%2F/jobs.sleep/contents");
}

async function endOf(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? middle : (middle + (sorted[sorted.length / 2 - 1] ?? Number.NaN)) / 2;
}

/** Each round's ratio is taken against the bare sample of the same round. */
function ratiosOf(samples: Record<Variant, Sample[]>, variant: Variant) {
  const ratios = samples[variant].map(
    ({ perSecond }, round) => perSecond / (samples.bare[round]?.perSecond ?? Number.NaN),
  );
  const bar = BARS[variant];
  const ratio = median(ratios);
  return {
    ratio,
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    p50Ms: median(samples[variant].map(({ p50Ms }) => p50Ms)),
    p99Ms: median(samples[variant].map(({ p99Ms }) => p99Ms)),
    ...(bar === undefined ? {} : { bar, passed: ratio >= bar }),
  };
}

function flag(name: string, preset: number): number {
  const index = process.argv.indexOf(`--${name}`);
  const value = index === -1 ? preset : Number(process.argv[index + 1]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name}: expected a whole number from 1`);
  return value;
}

async function main(): Promise<void> {
  const serving = VARIANTS.find((variant) => variant === process.argv[process.argv.indexOf("--serve") + 1]);
  if (process.argv.includes("--serve") && serving !== undefined) {
    await serve(serving);
    return;
  }
  const settings = {
    rounds: flag("rounds", 5),
    seconds: flag("seconds", 4),
    connections: flag("connections", 100),
  };
  const asJson = process.argv.includes("--json");
  const samples = await measure(settings, (line) => asJson || console.log(line));
  const results = Object.fromEntries(VARIANTS.map((variant) => [variant, ratiosOf(samples, variant)]));
  if (asJson) {
    console.log(JSON.stringify({ bench: "gateway", cores: availableParallelism(), ...settings, results }));
  } else {
    for (const variant of VARIANTS) {
      const { ratio, lowest, highest, p50Ms, p99Ms } = ratiosOf(samples, variant);
      const range = `${lowest.toFixed(2)} to ${highest.toFixed(2)}`;
      console.log(`${MEANING[variant]}: × ${ratio.toFixed(2)} (${range}), p50 ${p50Ms} ms, p99 ${p99Ms} ms`);
    }
  }
  const failed = VARIANTS.filter((variant) => ratiosOf(samples, variant).passed === false);
  if (failed.length > 0) {
    console.error(`below the bar: ${failed.map((variant) => `${variant} (${BARS[variant]})`).join(", ")}`);
    process.exitCode = 1;
  }
}

await main();

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPostgres } from "../embedded/postgres.ts";
import { createPrometheus } from "../embedded/prometheus.ts";
import { createRabbitmq } from "../embedded/rabbitmq.ts";
import { answers, type RunningProgram, type RunScope, untilReady } from "../embedded/run-scope.ts";
import type { ReplicaRun, WorkerRecord } from "./account.ts";
import { promise } from "./promise.ts";

export type StageOptions = {
  /** The broker's passive declares; without them everything goes through Prometheus. */
  readonly fastPath: boolean;
  readonly minReplicas: number;
};

/** Everything that runs: broker, database, Prometheus, gateway, operator and, through the operator, the workers. */
export type Stage = {
  readonly gatewayUrl: string;
  readonly operatorUrl: string;
  readonly prometheusUrl: string;
  readonly amqpUrl: string;
  readonly databaseUrl: string;
  /** The submitter's file of accepted jobs. */
  readonly acceptedFile: string;
  /** What the workers wrote down, all workers that ever ran. */
  workerRecords(): Promise<readonly WorkerRecord[]>;
  /** Every replica's process; those that still run end `nowMs`. */
  replicaRuns(nowMs: number): Promise<readonly ReplicaRun[]>;
  /** Created → ready of every replica so far. */
  startupSeconds(): Promise<readonly number[]>;
  /** Ends gateway and operator (and so the workers) in order. The scope ends the rest. */
  stop(): Promise<void>;
};

const millrace = fileURLToPath(new URL("../bin/millrace.mjs", import.meta.url));
const workerJobs = fileURLToPath(new URL("worker-jobs.ts", import.meta.url));

const resources = (options: StageOptions, accountDirectory: string): string => {
  const autoscaler = {
    apiVersion: "millrace.dev/v1alpha1",
    kind: "WorkerAutoscaler",
    metadata: { name: "sleep" },
    spec: {
      scaleTargetRef: { apiVersion: "millrace.dev/v1alpha1", kind: "ProcessPool", name: "sleep-worker" },
      queues: [{ name: "jobs.sleep" }],
      objective: { waitSeconds: promise.waitSeconds, attainmentRatio: String(promise.attainmentRatio) },
      replicas: { min: options.minReplicas, max: promise.maxReplicas },
      slotsPerReplica: promise.slotsPerReplica,
      scaleIn: { holdSeconds: promise.holdSeconds, toZeroAfterSeconds: promise.toZeroAfterSeconds },
    },
  };
  const command = [
    process.execPath,
    millrace,
    "worker",
    "--jobs",
    workerJobs,
    "--concurrency",
    String(promise.slotsPerReplica),
  ];
  const pool = {
    apiVersion: "millrace.dev/v1alpha1",
    kind: "ProcessPool",
    metadata: { name: "sleep-worker" },
    spec: {
      command: [...command, "--objective-wait-seconds", String(promise.waitSeconds)],
      env: { MILLRACE_DEMO_ACCOUNT: accountDirectory },
      terminationGracePeriodSeconds: 30,
    },
  };
  return `${JSON.stringify(autoscaler)}\n---\n${JSON.stringify(pool)}\n`;
};

const jsonLines = async <T>(file: string): Promise<readonly T[]> => {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
};

type Backends = { readonly amqpUrl: string; readonly databaseUrl: string };

/** The broker and the database: those the environment points at, or private ones. */
const startBackends = async (scope: RunScope): Promise<Backends> => {
  const broker = scope.env["AMQP_URL"] === undefined ? await createRabbitmq(scope) : undefined;
  const database = scope.env["DATABASE_URL"] === undefined ? await createPostgres(scope) : undefined;
  await Promise.all([broker?.start(), database?.start()]);
  return {
    amqpUrl: broker?.amqpUrl() ?? scope.env["AMQP_URL"] ?? "",
    databaseUrl: database?.url() ?? scope.env["DATABASE_URL"] ?? "",
  };
};

const startCommand = async (
  scope: RunScope,
  name: "gateway" | "operator",
  command: { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv; readonly readyUrl: string },
): Promise<RunningProgram> => {
  const program = scope.spawn(name, [process.execPath, millrace, name, ...command.args], {
    env: { ...scope.env, ...command.env },
  });
  await untilReady(`millrace ${name}`, program, () => answers(command.readyUrl));
  return program;
};

const operatorArguments = (
  folder: (name: string) => string,
  settings: {
    readonly host: string;
    readonly port: number;
    readonly prometheusUrl: string;
    readonly fastPath: boolean;
  },
): readonly string[] => {
  const values = {
    "--config": folder("resources"),
    "--listen": `${settings.host}:${settings.port}`,
    "--worker-metrics-host": settings.host,
    "--prometheus-url": settings.prometheusUrl,
    "--scrape-seconds": String(promise.scrapeSeconds),
    "--cycle-seconds": String(promise.cycleSeconds),
    "--state": folder("operator-state.json"),
    "--discovery-dir": folder("discovery"),
    "--account-file": folder("replicas.jsonl"),
    "--worker-log-dir": folder("logs"),
  };
  return [...Object.entries(values).flat(), ...(settings.fastPath ? [] : ["--no-fast-path"])];
};

export const createStage = async (scope: RunScope, options: StageOptions): Promise<Stage> => {
  const folder = (name: string): string => join(scope.directory, name);
  for (const name of ["resources", "discovery", "account", "logs"]) await mkdir(folder(name));
  await writeFile(join(folder("resources"), "sleep.yaml"), resources(options, folder("account")));
  const gatewayPort = await scope.freePort();
  const operatorPort = await scope.freePort();
  const gatewayUrl = `http://${scope.address}:${gatewayPort}`;
  const operatorUrl = `http://${scope.address}:${operatorPort}`;
  const prometheus = await createPrometheus(scope, {
    scrapeIntervalSeconds: promise.scrapeSeconds,
    jobs: [
      { name: "workers", discoveryDirectory: folder("discovery") },
      { name: "millrace", targets: [`${scope.address}:${gatewayPort}`, `${scope.address}:${operatorPort}`] },
    ],
  });
  const [backends] = await Promise.all([startBackends(scope), prometheus.start()]);
  const env = { AMQP_URL: backends.amqpUrl, DATABASE_URL: backends.databaseUrl };
  const gateway = await startCommand(scope, "gateway", {
    args: ["--host", scope.address, "--port", String(gatewayPort), "--operator-url", operatorUrl],
    env,
    readyUrl: `${gatewayUrl}/readyz`,
  });
  const operator = await startCommand(scope, "operator", {
    args: operatorArguments(folder, {
      host: scope.address,
      port: operatorPort,
      prometheusUrl: prometheus.url(),
      fastPath: options.fastPath,
    }),
    env,
    readyUrl: `${operatorUrl}/readyz`,
  });
  return {
    gatewayUrl,
    operatorUrl,
    prometheusUrl: prometheus.url(),
    amqpUrl: backends.amqpUrl,
    databaseUrl: backends.databaseUrl,
    acceptedFile: folder("accepted.jsonl"),
    async workerRecords() {
      const files = await readdir(folder("account"));
      return (
        await Promise.all(files.map((file) => jsonLines<WorkerRecord>(join(folder("account"), file))))
      ).flat();
    },
    replicaRuns: async (nowMs) => replicaRuns(await jsonLines<PoolRecord>(folder("replicas.jsonl")), nowMs),
    startupSeconds: async () => startupSeconds(await jsonLines<PoolRecord>(folder("replicas.jsonl"))),
    async stop() {
      await operator.end(40_000);
      await gateway.end(10_000);
    },
  };
};

type PoolRecord = {
  readonly kind: string;
  readonly pid?: number;
  readonly replica: string;
  readonly atMs: number;
  readonly spawnedAtMs?: number;
};

const replicaRuns = (records: readonly PoolRecord[], nowMs: number): readonly ReplicaRun[] => {
  const open = new Map<number, number>();
  const runs: ReplicaRun[] = [];
  for (const { kind, pid = 0, atMs } of records) {
    if (kind === "spawned") open.set(pid, atMs);
    const spawnedAtMs = open.get(pid);
    if (kind === "exited" && spawnedAtMs !== undefined) {
      runs.push({ spawnedAtMs, exitedAtMs: atMs });
      open.delete(pid);
    }
  }
  return [...runs, ...[...open.values()].map((spawnedAtMs) => ({ spawnedAtMs, exitedAtMs: nowMs }))];
};

const startupSeconds = (records: readonly PoolRecord[]): readonly number[] =>
  records
    .filter(({ kind }) => kind === "ready")
    .flatMap(({ replica, atMs }) => {
      const created = records.find((other) => other.kind === "created" && other.replica === replica);
      return created === undefined ? [] : [(atMs - created.atMs) / 1000];
    });

import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Registry } from "prom-client";
import { type Logger, silentLogger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import {
  type Fleet,
  type FleetObservation,
  type ScaleChange,
  type ScaleOutcome,
  type TargetRef,
  targetKey,
} from "../operator/ports.ts";
import { createAccountFile } from "./account-file.ts";
import { createDiscoveryFile, type DiscoveryFile } from "./discovery-file.ts";
import { freePort } from "./free-port.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { createPoolMetrics, type PoolCounts } from "./metrics.ts";
import { Pool } from "./pool.ts";
import type { PoolEvent } from "./pool-event.ts";
import { logPoolEvent } from "./pool-log.ts";
import type { ProcessPool } from "./process-pool.ts";
import type { StartedProcess } from "./replica.ts";
import { spawnReplica } from "./replica-process.ts";

export type ProcessFleetOptions = {
  readonly pools: readonly ProcessPool[];
  /** What every replica inherits, under the pool's own variables: at least PATH and HOME. */
  readonly baseEnv: Readonly<Record<string, string | undefined>>;
  /** Folder for Prometheus' file-based discovery; one JSON file is kept there and removed at stop. */
  readonly discoveryDirectory?: string;
  /** Spawn and exit of every replica, one JSON object a line, appended. */
  readonly accountFile?: string;
  /** Folder for one output file a pool, appended; without it replicas write where the operator's standard error goes. */
  readonly logDirectory?: string;
  /** Where replicas serve their metrics. Default 127.0.0.1. */
  readonly metricsHost?: string;
  /** Replicas of one pool, at most. Default 256; what is wanted beyond is reported as uncreated. */
  readonly maxReplicas?: number;
  /** How long replicas may take to say what they run, when victims are chosen and when they are counted. Default 500. */
  readonly loadDeadlineMs?: number;
  readonly registry?: Registry;
  readonly logger?: Logger;
  /** Gets each event, after the log and the account. */
  readonly onEvent?: (event: PoolEvent) => void;
  readonly nowMs?: () => number;
};

const standardError = 2;
const defaultHost = "127.0.0.1";
const defaultMaxReplicas = 256;
const defaultLoadDeadlineMs = 500;
const portAttempts = 20;
const poolKind = "ProcessPool";

type RunningPool = { readonly pool: ProcessPool; readonly replicas: Pool };

/**
 * A Fleet over pools of local processes, for targets of kind ProcessPool.
 *
 * Each replica gets MILLRACE_METRICS_HOST and MILLRACE_METRICS_PORT, must answer 200 on `/readyz` there once it takes jobs,
 * and must end after SIGTERM. Everything it started has ended when `stop()` resolves, and soon after the operator died.
 */
export const createProcessFleet = (options: ProcessFleetOptions): Fleet & Service =>
  new ProcessFleet(options);

class ProcessFleet implements Fleet, Service {
  readonly #options: ProcessFleetOptions;
  readonly #pools: ReadonlyMap<string, RunningPool>;
  readonly #listeners: readonly ((event: PoolEvent) => void)[];
  readonly #token = randomUUID();
  readonly #keeper: Keeper;
  readonly #discovery: DiscoveryFile | undefined;
  /** Ports handed out to processes that live, so that none is given twice before it is bound. */
  readonly #ports = new Set<number>();
  #state: "new" | "running" | "stopped" = "new";
  #stopping: Promise<void> = Promise.resolve();

  constructor(options: ProcessFleetOptions) {
    const { logger = silentLogger, accountFile, discoveryDirectory, registry, onEvent } = options;
    this.#options = options;
    this.#keeper = createKeeper(this.#token, logger);
    this.#discovery =
      discoveryDirectory === undefined
        ? undefined
        : createDiscoveryFile(discoveryDirectory, this.#token, logger);
    this.#pools = new Map(options.pools.map((pool) => [keyOf(pool), this.#poolOf(pool)]));
    this.#listeners = [
      (event) => this.#keepUp(event),
      (event) => logPoolEvent(logger, event),
      ...(accountFile === undefined ? [] : [createAccountFile(accountFile, logger)]),
      ...(registry === undefined ? [] : [createPoolMetrics(registry, () => this.#counts())]),
      ...(onEvent === undefined ? [] : [onEvent]),
    ];
  }

  async start(): Promise<void> {
    if (this.#state !== "new") return;
    this.#state = "running";
    await this.#keeper.start();
    if (this.#discovery !== undefined) this.#keeper.addFile(this.#discovery.path);
    this.#writeDiscovery();
  }

  stop(): Promise<void> {
    if (this.#state === "running") this.#stopping = this.#end();
    this.#state = "stopped";
    return this.#stopping;
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(({ replicas }) => replicas.stop()));
    this.#discovery?.remove();
    await this.#keeper.stop();
  }

  async observe(target: TargetRef, signal: AbortSignal): Promise<FleetObservation> {
    const found = this.#find(target);
    return typeof found === "string" ? { kind: "unknown", because: found } : found.replicas.observe(signal);
  }

  async scaleTo(target: TargetRef, change: ScaleChange, signal: AbortSignal): Promise<ScaleOutcome> {
    const found = this.#find(target);
    if (typeof found === "string") return { kind: "failed", because: found };
    if (!Number.isInteger(change.to) || change.to < 0)
      return { kind: "failed", because: `not a replica count: ${change.to}` };
    const actual = found.replicas.desired;
    if (actual !== change.from) return { kind: "conflict", actual };
    await found.replicas.set(change.to, signal);
    return { kind: "scaled" };
  }

  async restore(target: TargetRef, replicas: number, signal: AbortSignal): Promise<void> {
    const found = this.#find(target);
    if (typeof found !== "string") await found.replicas.set(replicas, signal);
  }

  #find(target: TargetRef): RunningPool | string {
    if (this.#state !== "running") return "the fleet of local processes is not running";
    return (
      (target.kind === poolKind ? this.#pools.get(targetKey(target)) : undefined) ??
      `no ProcessPool ${target.namespace}/${target.name} is configured`
    );
  }

  #poolOf(pool: ProcessPool): RunningPool {
    const options = this.#options;
    const replicas = new Pool(pool, {
      nowMs: options.nowMs ?? Date.now,
      maxReplicas: options.maxReplicas ?? defaultMaxReplicas,
      loadDeadlineMs: options.loadDeadlineMs ?? defaultLoadDeadlineMs,
      spawn: () => this.#spawn(pool),
      emit: (event) => {
        for (const listen of this.#listeners) listen(event);
      },
    });
    return { pool, replicas };
  }

  async #spawn(pool: ProcessPool): Promise<StartedProcess> {
    const { baseEnv, metricsHost = defaultHost, logDirectory } = this.#options;
    const port = await this.#claimPort(metricsHost);
    const output = logDirectory === undefined ? standardError : openLog(logDirectory, pool);
    try {
      const process = await spawnReplica({
        command: pool.command,
        env: {
          ...baseEnv,
          ...pool.env,
          MILLRACE_METRICS_HOST: metricsHost,
          MILLRACE_METRICS_PORT: String(port),
          MILLRACE_FLEET: this.#token,
        },
        output,
      });
      this.#keeper.add(process.pid, pool.terminationGraceSeconds * 1_000);
      void process.exited.then(() => {
        this.#keeper.remove(process.pid);
        this.#ports.delete(port);
      });
      return { process, address: `${metricsHost}:${port}` };
    } catch (error) {
      this.#ports.delete(port);
      throw error;
    } finally {
      if (output !== standardError) closeSync(output);
    }
  }

  async #claimPort(host: string): Promise<number> {
    for (let attempt = 0; attempt < portAttempts; attempt++) {
      const port = await freePort(host);
      if (this.#ports.has(port)) continue;
      this.#ports.add(port);
      return port;
    }
    throw new Error(`no free port at ${host}`);
  }

  #keepUp({ kind }: PoolEvent): void {
    if (kind === "spawned" || kind === "exited" || kind === "restarting") this.#writeDiscovery();
  }

  #writeDiscovery(): void {
    this.#discovery?.write(
      [...this.#pools.values()].map(({ pool, replicas }) => ({
        namespace: pool.namespace,
        pool: pool.name,
        addresses: replicas.addresses,
      })),
    );
  }

  #counts(): readonly PoolCounts[] {
    return [...this.#pools.values()].map(({ pool, replicas }) => ({
      namespace: pool.namespace,
      pool: pool.name,
      counts: replicas.counts,
    }));
  }
}

const keyOf = ({ namespace, name }: ProcessPool): string =>
  targetKey({ apiVersion: "", kind: poolKind, namespace, name });

const openLog = (directory: string, { namespace, name }: ProcessPool): number => {
  mkdirSync(directory, { recursive: true });
  return openSync(join(directory, `${namespace}.${name}.log`), "a");
};

import { Registry } from "prom-client";
import { ConfigError } from "../config-error.ts";
import { silentLogger } from "../logger.ts";
import { collectNodeMetrics } from "../node-metrics.ts";
import { assembleWorker, REAL_PARTS, type WorkerParts } from "./assemble-worker.ts";
import { MetricsServer } from "./metrics-server.ts";
import { problemsOfWorkerOptions, type WorkerOptions } from "./options.ts";
import { type TerminableProcess, untilTerminated } from "./until-terminated.ts";

export type RunWorkerOptions = WorkerOptions & {
  /** Where /metrics, /healthz and /readyz are served. Default 0.0.0.0: Prometheus and the kubelet come from elsewhere. */
  readonly metricsHost?: string;
  /** 0 to 65,535; 0 for any that is free. Default 9091. */
  readonly metricsPort?: number;
};

/**
 * Runs a worker as this process's job: serves its metrics and health, drains on SIGTERM or SIGINT and then exits with
 * code 0. A second signal exits with code 1 at once (not the same one within half a second, which is npm's echo of a
 * terminal's Ctrl-C); the broker gives the unfinished jobs to others.
 *
 * @throws ConfigError naming every option that is wrong
 */
export async function runWorker(
  options: RunWorkerOptions,
  own: TerminableProcess = process,
  parts: WorkerParts = REAL_PARTS,
): Promise<void> {
  const { metricsHost = "0.0.0.0", metricsPort = 9091, logger = silentLogger } = options;
  const problems = problemsOfRunWorkerOptions(options);
  if (problems.length > 0) throw new ConfigError(problems);
  const registry = options.registry ?? new Registry();
  collectNodeMetrics(registry);
  const worker = assembleWorker({ ...options, registry }, parts);
  const server = new MetricsServer({ worker, host: metricsHost, port: metricsPort });
  const signalled = untilTerminated(own, () => performance.now());
  await server.start();
  await worker.start();
  logger.info({ metrics: `http://${metricsHost}:${server.port}/metrics` }, "worker started");
  const signal = await signalled;
  logger.info({ signal }, "draining");
  await worker.stop();
  await server.stop();
  logger.info({}, "drained");
  // A handler that ignored its abort would keep the process alive for ever.
  own.exit(0);
}

/** Each option that is wrong, with what was expected; empty when all are right. */
export function problemsOfRunWorkerOptions(options: RunWorkerOptions): readonly string[] {
  const { metricsPort = 0 } = options;
  const isPort = Number.isInteger(metricsPort) && metricsPort >= 0 && metricsPort <= 65_535;
  return [
    ...(isPort ? [] : [`metricsPort: expected 0 to 65535, got ${metricsPort}`]),
    ...problemsOfWorkerOptions(options),
  ];
}

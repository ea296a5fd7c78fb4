import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Service } from "../kit/src/service.ts";
import { answers, type RunningProgram, type RunScope, untilReady } from "./run-scope.ts";

const run = promisify(execFile);

export type ScrapeJob = {
  readonly name: string;
  /** `host:port` of fixed targets. */
  readonly targets?: readonly string[];
  /** Folder of file_sd JSON files, watched and reread every second. */
  readonly discoveryDirectory?: string;
  /** Whether labels of the target win over those of the scrape. Default no. */
  readonly honorLabels?: boolean;
};

export type PrometheusOptions = {
  readonly jobs: readonly ScrapeJob[];
  /** Default 5. */
  readonly scrapeIntervalSeconds?: number;
  /** Files of recording rules and alerts. */
  readonly ruleFiles?: readonly string[];
  /** `host:port` of those that are told of alerts. */
  readonly alertmanagers?: readonly string[];
  /** An OpenMetrics file of what was before it started; then it keeps 60 days. */
  readonly historyFile?: string;
  /** Default any free one. */
  readonly port?: number;
};

export type Prometheus = Service & {
  url(): string;
  /** SIGKILL; `start()` brings it back with its data. */
  kill(): Promise<void>;
};

const jobOf = (job: ScrapeJob): object => ({
  job_name: job.name,
  honor_labels: job.honorLabels ?? false,
  static_configs: [{ targets: job.targets ?? [] }],
  ...(job.discoveryDirectory === undefined
    ? {}
    : { file_sd_configs: [{ files: [join(job.discoveryDirectory, "*.json")], refresh_interval: "1s" }] }),
});

const configOf = (options: PrometheusOptions): object => {
  const interval = `${Math.round((options.scrapeIntervalSeconds ?? 5) * 1000)}ms`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: options.ruleFiles ?? [],
    alerting: { alertmanagers: [{ static_configs: [{ targets: options.alertmanagers ?? [] }] }] },
    scrape_configs: options.jobs.map(jobOf),
  };
};

/** One block for all of it: two hours each, the default, take a minute for four weeks. */
const writeBlocks = async (scope: RunScope, historyFile: string, data: string): Promise<void> => {
  const args = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=2000h", historyFile, data];
  await run(scope.program("promtool"), args);
};

/** A private Prometheus at the run's own address. */
export const createPrometheus = async (scope: RunScope, options: PrometheusOptions): Promise<Prometheus> => {
  const bin = scope.program("prometheus");
  const directory = join(scope.directory, "prometheus");
  const port = options.port ?? (await scope.freePort());
  const url = `http://${scope.address}:${port}`;
  let server: RunningProgram | undefined;
  return {
    url: () => url,
    async start() {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, "prometheus.yml"), JSON.stringify(configOf(options)));
      const data = join(directory, "data");
      if (options.historyFile !== undefined) await writeBlocks(scope, options.historyFile, data);
      const started = scope.spawn("prometheus-server", [
        bin,
        `--config.file=${join(directory, "prometheus.yml")}`,
        `--storage.tsdb.path=${data}`,
        ...(options.historyFile === undefined ? [] : ["--storage.tsdb.retention.time=60d"]),
        `--web.listen-address=${scope.address}:${port}`,
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
      ]);
      server = started;
      await untilReady("Prometheus", started, () => answers(`${url}/-/ready`));
    },
    async kill() {
      await server?.end(0);
    },
    async stop() {
      await server?.end(10_000);
      server = undefined;
    },
  };
};

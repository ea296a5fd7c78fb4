import { FlagReader } from "./flag-reader.ts";
import type { OperatorFlags } from "./operator-flags.ts";

export type OperatorSettings = {
  readonly config: readonly string[];
  readonly amqpUrl?: string;
  readonly managementUrl?: string;
  readonly prometheus?: { readonly url: string; readonly scrapeIntervalSeconds: number };
  readonly fastPath: boolean;
  readonly scrapeSeconds: number;
  readonly cycleSeconds: number;
  readonly listen: { readonly host: string; readonly port: number };
  readonly fleet: {
    readonly discoveryDirectory?: string;
    readonly accountFile?: string;
    readonly logDirectory?: string;
    readonly metricsHost: string;
  };
};

/** Checks all flags; `problems` names each one that is wrong, and then the settings are not to be used. */
export function parseOperatorFlags(flags: OperatorFlags): { settings: OperatorSettings; problems: string[] } {
  const reader = new FlagReader();
  reader.problems.push(...missingFlags(flags));
  const amqpUrl = reader.url("--amqp-url", flags.amqpUrl, ["amqp:", "amqps:"]);
  const managementUrl = reader.url("--management-url", flags.managementUrl, ["http:", "https:"]);
  const prometheusUrl = reader.url("--prometheus-url", flags.prometheusUrl, ["http:", "https:"]);
  const scrapeSeconds = reader.seconds("--scrape-seconds", flags.scrapeSeconds, { from: 1, to: 300 });
  const cycleSeconds = reader.seconds("--cycle-seconds", flags.cycleSeconds, { from: 0.1, to: 60 });
  reader.logLevel(flags.logLevel);
  const settings: OperatorSettings = {
    config: flags.config ?? [],
    ...(amqpUrl !== undefined && { amqpUrl }),
    ...(managementUrl !== undefined && { managementUrl }),
    ...(prometheusUrl !== undefined && {
      prometheus: { url: prometheusUrl, scrapeIntervalSeconds: scrapeSeconds },
    }),
    fastPath: flags.fastPath,
    scrapeSeconds,
    cycleSeconds,
    listen: reader.address("--listen", flags.listen),
    fleet: {
      ...(flags.discoveryDir !== undefined && { discoveryDirectory: flags.discoveryDir }),
      ...(flags.accountFile !== undefined && { accountFile: flags.accountFile }),
      ...(flags.workerLogDir !== undefined && { logDirectory: flags.workerLogDir }),
      metricsHost: reader.host("--worker-metrics-host", flags.workerMetricsHost),
    },
  };
  return { settings, problems: reader.problems };
}

function missingFlags({ config, amqpUrl, prometheusUrl, fastPath }: OperatorFlags): string[] {
  const problems: string[] = [];
  if (config === undefined || config.length === 0) {
    problems.push(
      "--config: required (or MILLRACE_CONFIG): a file or directory with WorkerAutoscaler documents",
    );
  }
  if (amqpUrl === undefined && prometheusUrl === undefined) {
    problems.push("--amqp-url, --prometheus-url: at least one is required (or AMQP_URL, PROMETHEUS_URL)");
  }
  if (!fastPath && prometheusUrl === undefined) problems.push("--no-fast-path: needs --prometheus-url");
  return problems;
}

import type { Command } from "commander";
import type { ProcessPool } from "../resource/process-pool.ts";

export type OperatorFlags = {
  readonly config?: readonly string[];
  readonly amqpUrl?: string;
  readonly managementUrl?: string;
  readonly prometheusUrl?: string;
  readonly scrapeSeconds: string;
  readonly fastPath: boolean;
  readonly state: string;
  readonly listen: string;
  readonly discoveryDir?: string;
  readonly accountFile?: string;
  readonly workerLogDir?: string;
  readonly cycleSeconds: string;
  readonly logLevel: string;
};

type Flag = readonly [flag: string, variable: string, description: string, preset?: string];

const flags: readonly Flag[] = [
  [
    "--amqp-url <url>",
    "AMQP_URL",
    "broker, amqp://user:password@host:port; the workers of process pools get it too",
  ],
  [
    "--management-url <url>",
    "RABBITMQ_MANAGEMENT_URL",
    "broker's management API, http://user:password@host:port",
  ],
  ["--prometheus-url <url>", "PROMETHEUS_URL", "where the workers' metrics are"],
  [
    "--scrape-seconds <seconds>",
    "PROMETHEUS_SCRAPE_SECONDS",
    "how often Prometheus scrapes the workers",
    "5",
  ],
  ["--state <file>", "MILLRACE_STATE", "what outlives a restart", ".millrace/operator-state.json"],
  ["--listen <host:port>", "MILLRACE_LISTEN", "HTTP API and metrics", "127.0.0.1:9090"],
  [
    "--discovery-dir <dir>",
    "MILLRACE_DISCOVERY_DIR",
    "write the workers' addresses there for Prometheus' file_sd",
  ],
  ["--account-file <file>", "MILLRACE_ACCOUNT_FILE", "append the spawn and exit of each worker there"],
  ["--worker-log-dir <dir>", "MILLRACE_WORKER_LOG_DIR", "one output file for each pool of workers"],
  ["--cycle-seconds <seconds>", "MILLRACE_CYCLE_SECONDS", "from one look to the next", "2"],
  ["--log-level <level>", "LOG_LEVEL", "debug, info, warn, error or silent", "info"],
];

/** Declares the operator's flags; each has its value from the environment where it is not given. */
export function addOperatorFlags(
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
): Command {
  command.option(
    "--config <path...>",
    "files or directories with WorkerAutoscaler and ProcessPool documents (MILLRACE_CONFIG, separated by commas)",
    env["MILLRACE_CONFIG"]?.split(","),
  );
  command.option(
    "--no-fast-path",
    "do not ask the broker: everything comes through Prometheus, and min should be 1 or more",
  );
  for (const [flag, variable, description, preset] of flags) {
    command.option(
      flag,
      `${description} (${variable}${preset === undefined ? "" : `; default ${preset}`})`,
      env[variable] ?? preset,
    );
  }
  return command;
}

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
  };
};

/** Checks all flags; `problems` names each one that is wrong, and then the settings are not to be used. */
export function parseOperatorFlags(flags: OperatorFlags): { settings: OperatorSettings; problems: string[] } {
  const problems = missingFlags(flags);
  const amqpUrl = url("--amqp-url", flags.amqpUrl, { protocols: ["amqp:", "amqps:"], problems });
  const managementUrl = url("--management-url", flags.managementUrl, {
    protocols: ["http:", "https:"],
    problems,
  });
  const prometheusUrl = url("--prometheus-url", flags.prometheusUrl, {
    protocols: ["http:", "https:"],
    problems,
  });
  const scrapeSeconds = seconds("--scrape-seconds", flags.scrapeSeconds, { from: 1, to: 300, problems });
  const cycleSeconds = seconds("--cycle-seconds", flags.cycleSeconds, { from: 0.1, to: 60, problems });
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
    listen: address(flags.listen, problems),
    fleet: {
      ...(flags.discoveryDir !== undefined && { discoveryDirectory: flags.discoveryDir }),
      ...(flags.accountFile !== undefined && { accountFile: flags.accountFile }),
      ...(flags.workerLogDir !== undefined && { logDirectory: flags.workerLogDir }),
    },
  };
  return { settings, problems };
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

/** A ProcessPool document as the pool takes it. */
export function poolOf({ metadata, spec }: ProcessPool) {
  const [program = "", ...args] = spec.command;
  const command: readonly [string, ...string[]] = [program, ...args];
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    command,
    env: spec.env,
    terminationGraceSeconds: spec.terminationGracePeriodSeconds,
    metricsPath: spec.metricsPath,
  };
}

function url(
  flag: string,
  text: string | undefined,
  { protocols, problems }: { protocols: string[]; problems: string[] },
): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
  // Not the value itself: it may hold a password.
  problems.push(
    `${flag}: expected an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
  );
  return undefined;
}

function seconds(
  flag: string,
  text: string,
  { from, to, problems }: { from: number; to: number; problems: string[] },
): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= from && value <= to))
    problems.push(`${flag}: expected ${from} to ${to} seconds, got ${text}`);
  return value;
}

function address(text: string, problems: string[]): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535)
    problems.push(`--listen: expected host:port, for example 127.0.0.1:9090, got ${text}`);
  return { host: match?.[1]?.replace(/^\[(.*)\]$/, "$1") ?? "", port };
}

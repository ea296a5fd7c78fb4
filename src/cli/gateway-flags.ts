import { type Command, Option } from "commander";
import { type Topology, type TopologyOptions, topologyOf } from "../../kit/src/amqp/topology.ts";
import { ConfigError } from "../../kit/src/config-error.ts";
import { type GatewayOptions, type GatewayUserOptions, parseGatewayOptions } from "../gateway/options.ts";

export type GatewayFlags = GatewayUserOptions &
  TopologyOptions & {
    readonly amqpUrl?: string;
    readonly databaseUrl?: string;
    readonly databaseConnections?: number;
    readonly jobs: readonly string[];
    readonly logLevel: string;
  };

export type GatewaySettings = {
  readonly amqpUrl: string;
  readonly databaseUrl: string;
  readonly databaseConnections: number;
  readonly options: GatewayOptions;
  readonly topology: Topology;
};

type Flag = readonly [flag: string, variable: string, description: string];

const texts: readonly Flag[] = [
  ["--amqp-url <url>", "AMQP_URL", "broker, amqp://user:password@host:port/vhost"],
  ["--database-url <url>", "DATABASE_URL", "Postgres, postgres://user:password@host:port/database"],
  ["--host <address>", "MILLRACE_HOST", "to listen on; default 127.0.0.1"],
  ["--prefix <text>", "MILLRACE_PREFIX", "begins every name at the broker; default jobs"],
];

const numbers: readonly Flag[] = [
  ["--database-connections <count>", "MILLRACE_DATABASE_CONNECTIONS", "at most; default 5"],
  ["--port <number>", "MILLRACE_PORT", "to listen on, 0 for any; default 8080"],
  ["--body-limit-bytes <count>", "MILLRACE_BODY_LIMIT_BYTES", "of a request; default 1048576"],
  ["--confirm-seconds <seconds>", "MILLRACE_CONFIRM_SECONDS", "how long a confirm is awaited; default 10"],
  [
    "--lease-seconds <seconds>",
    "MILLRACE_LEASE_SECONDS",
    "then an unconfirmed job is published again; default 30",
  ],
  [
    "--sweep-seconds <seconds>",
    "MILLRACE_SWEEP_SECONDS",
    "between two looks for unconfirmed jobs; default 5",
  ],
  ["--delivery-limit <count>", "MILLRACE_DELIVERY_LIMIT", "of the job queues; default 20"],
  ["--max-length <count>", "MILLRACE_MAX_LENGTH", "of the job queues; default 1000000"],
];

/** Declares the gateway's flags; each has its value from the environment where it is not given. */
export function addGatewayFlags(
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
): Command {
  for (const [flag, variable, description] of texts) {
    command.option(flag, `${description} (${variable})`, env[variable]);
  }
  for (const [flag, variable, description] of numbers) {
    const preset = env[variable];
    command.option(
      flag,
      `${description} (${variable})`,
      Number,
      preset === undefined ? preset : Number(preset),
    );
  }
  return command
    .option("--allow-unauthenticated-access", "needed to listen on an address that is not loopback")
    .addOption(
      new Option("--queue-type <type>", "of the job queues; default quorum")
        .choices(["quorum", "classic"])
        .env("MILLRACE_QUEUE_TYPE"),
    )
    .option(
      "--jobs <module...>",
      "modules that export job contracts, beside the built-in email and sleep (MILLRACE_JOBS, separated by commas)",
      env["MILLRACE_JOBS"]?.split(",") ?? [],
    )
    .addOption(
      new Option("--log-level <level>", "least that is logged; default info (LOG_LEVEL)")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default(env["LOG_LEVEL"] ?? "info"),
    );
}

/** Checks all flags; `problems` names each one that is wrong, and then there are no settings. */
export function parseGatewayFlags(flags: GatewayFlags): {
  readonly settings: GatewaySettings | undefined;
  readonly problems: string[];
} {
  const problems: string[] = [];
  const { amqpUrl = "", databaseUrl = "", databaseConnections = 5 } = flags;
  // Addresses are not repeated in a problem: they hold passwords.
  if (!hasProtocol(amqpUrl, ["amqp:", "amqps:"])) {
    problems.push("AMQP_URL or --amqp-url: required, amqp://user:password@host:port/vhost");
  }
  if (!hasProtocol(databaseUrl, ["postgres:", "postgresql:"])) {
    problems.push("DATABASE_URL or --database-url: required, postgres://user:password@host:port/database");
  }
  if (!(Number.isInteger(databaseConnections) && databaseConnections >= 1 && databaseConnections <= 100)) {
    problems.push(`databaseConnections: expected 1 to 100, got ${databaseConnections}`);
  }
  const options = collecting(problems, () => parseGatewayOptions(flags));
  const topology = collecting(problems, () => topologyOf(flags));
  if (problems.length > 0 || options === undefined || topology === undefined) {
    return { settings: undefined, problems };
  }
  return { settings: { amqpUrl, databaseUrl, databaseConnections, options, topology }, problems };
}

function collecting<T>(problems: string[], parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function hasProtocol(text: string, protocols: readonly string[]): boolean {
  return protocols.includes(URL.parse(text)?.protocol ?? "");
}

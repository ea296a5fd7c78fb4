import type { Command } from "commander";
import type { TopologyOptions } from "../../kit/src/amqp/topology.ts";
import type { GatewayUserOptions } from "../gateway/options.ts";

export type GatewayFlags = GatewayUserOptions &
  TopologyOptions & {
    readonly amqpUrl?: string;
    readonly databaseUrl?: string;
    readonly databaseConnections?: number;
    readonly operatorUrl?: string;
    readonly jobs: readonly string[];
    readonly logLevel: string;
  };

type Flag = readonly [flag: string, variable: string, description: string];

const texts: readonly Flag[] = [
  ["--amqp-url <url>", "AMQP_URL", "broker, amqp://user:password@host:port/vhost"],
  ["--database-url <url>", "DATABASE_URL", "Postgres, postgres://user:password@host:port/database"],
  ["--host <address>", "MILLRACE_HOST", "to listen on; default 127.0.0.1"],
  ["--prefix <text>", "MILLRACE_PREFIX", "begins every name at the broker; default jobs"],
  ["--operator-url <url>", "MILLRACE_OPERATOR_URL", "operator that the page is about, http://host:port"],
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
      numberOf,
      preset === undefined ? preset : numberOf(preset),
    );
  }
  return command
    .option("--allow-unauthenticated-access", "needed to listen on an address that is not loopback")
    .option(
      "--queue-type <type>",
      "of the job queues: quorum or classic; default quorum (MILLRACE_QUEUE_TYPE)",
      env["MILLRACE_QUEUE_TYPE"],
    )
    .option(
      "--jobs <module...>",
      "modules that export job contracts, beside the built-in email and sleep (MILLRACE_JOBS, separated by commas)",
      env["MILLRACE_JOBS"]?.split(",") ?? [],
    )
    .option(
      "--log-level <level>",
      "least that is logged: debug, info, warn, error or silent; default info (LOG_LEVEL)",
      env["LOG_LEVEL"] ?? "info",
    );
}

/** NaN, which every range refuses, where the text is no number. */
function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

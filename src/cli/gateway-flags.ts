import { type Command, Option } from "commander";
import { type Topology, type TopologyOptions, topologyOf } from "../../kit/src/amqp/topology.ts";
import { ConfigError } from "../../kit/src/config-error.ts";
import { type GatewayOptions, type GatewayUserOptions, parseGatewayOptions } from "../gateway/options.ts";

export type GatewayFlags = GatewayUserOptions &
  TopologyOptions & {
    readonly amqpUrl?: string;
    readonly databaseUrl?: string;
    readonly databaseConnections: number;
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

/** Declares the gateway's flags; those with a variable have its value where they are not given. */
export function addGatewayFlags(
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
): Command {
  const port = env["GATEWAY_PORT"];
  return command
    .option("--amqp-url <url>", "broker, amqp://user:password@host:port/vhost (AMQP_URL)", env["AMQP_URL"])
    .option("--database-url <url>", "Postgres, postgres://... (DATABASE_URL)", env["DATABASE_URL"])
    .option("--database-connections <count>", "to Postgres, at most; 1 to 100", Number, 5)
    .option("--host <address>", "to listen on (GATEWAY_HOST; default 127.0.0.1)", env["GATEWAY_HOST"])
    .option(
      "--port <number>",
      "to listen on, 0 for any free one (GATEWAY_PORT; default 8080)",
      Number,
      numberOf(port),
    )
    .option("--allow-unauthenticated-access", "needed to listen on an address that is not loopback")
    .option("--body-limit-bytes <count>", "of a request (default 1048576)", Number)
    .option("--confirm-seconds <seconds>", "how long the broker's confirm is awaited (default 10)", Number)
    .option(
      "--lease-seconds <seconds>",
      "after which an unconfirmed job is published again (default 30)",
      Number,
    )
    .option("--sweep-seconds <seconds>", "between two looks for unconfirmed jobs (default 5)", Number)
    .option("--prefix <text>", "begins every name at the broker (default jobs); the same for the workers")
    .addOption(
      new Option(
        "--queue-type <type>",
        "of the job queues (default quorum); the same for the workers",
      ).choices(["quorum", "classic"]),
    )
    .option("--delivery-limit <count>", "of the job queues (default 20); the same for the workers", Number)
    .option("--max-length <count>", "of the job queues (default 1000000); the same for the workers", Number)
    .option(
      "--jobs <module...>",
      "modules that export job contracts, beside the built-in email and sleep",
      [],
    )
    .addOption(
      new Option("--log-level <level>", "least that is logged (LOG_LEVEL)")
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
  const { amqpUrl = "", databaseUrl = "", databaseConnections } = flags;
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

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

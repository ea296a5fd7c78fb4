import { type Topology, topologyOf } from "../../kit/src/amqp/topology.ts";
import { ConfigError } from "../../kit/src/config-error.ts";
import { type GatewayOptions, parseGatewayOptions } from "../gateway/options.ts";
import { FlagReader } from "./flag-reader.ts";
import type { GatewayFlags } from "./gateway-flags.ts";

export type GatewaySettings = {
  readonly amqpUrl: string;
  readonly databaseUrl: string;
  readonly databaseConnections: number;
  readonly options: GatewayOptions;
  readonly topology: Topology;
  /** Ends in a slash. */
  readonly operatorUrl: URL | undefined;
};

/** Checks all flags; `problems` names each one that is wrong, and then there are no settings. */
export function parseGatewayFlags(flags: GatewayFlags): {
  readonly settings: GatewaySettings | undefined;
  readonly problems: string[];
} {
  const reader = new FlagReader();
  const { problems } = reader;
  reader.logLevel(flags.logLevel);
  reader.oneOf("--queue-type", flags.queueType ?? "quorum", ["quorum", "classic"]);
  const { amqpUrl = "", databaseUrl = "", databaseConnections = 5 } = flags;
  problems.push(...problemsOfConnections({ amqpUrl, databaseUrl, databaseConnections }));
  const options = collecting(problems, () => parseGatewayOptions(flags));
  const topology = collecting(problems, () => topologyOf(flags));
  const operatorUrl = operatorUrlOf(flags.operatorUrl, problems);
  if (problems.length > 0 || options === undefined || topology === undefined) {
    return { settings: undefined, problems };
  }
  return {
    settings: { amqpUrl, databaseUrl, databaseConnections, options, topology, operatorUrl },
    problems,
  };
}

/** A path before the operator's own is kept. */
function operatorUrlOf(text: string | undefined, problems: string[]): URL | undefined {
  if (text === undefined) return undefined;
  const url = hasProtocol(text, ["http:", "https:"]) ? URL.parse(text.replace(/\/*$/, "/")) : null;
  if (url === null || url.search !== "" || url.hash !== "") {
    problems.push("--operator-url: expected http://host:port of an operator (or MILLRACE_OPERATOR_URL)");
    return undefined;
  }
  return url;
}

function problemsOfConnections({
  amqpUrl,
  databaseUrl,
  databaseConnections,
}: Pick<GatewaySettings, "amqpUrl" | "databaseUrl" | "databaseConnections">): string[] {
  const problems: string[] = [];
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
  return problems;
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

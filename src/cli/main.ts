import { readFileSync } from "node:fs";
import { Command } from "commander";
import { ConfigError } from "../../kit/src/config-error.ts";

/** Loaded only when called: a worker's start must not wait for the gateway's database driver. */
const subcommands: Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
> = {
  operator: {
    summary: "size the workers of every WorkerAutoscaler",
    load: async () => (await import("./operator.ts")).operatorCommand(),
  },
  gateway: {
    summary: "accept jobs over HTTP and keep their rows",
    load: async () => (await import("./gateway.ts")).gatewayCommand(),
  },
  worker: {
    summary: "run job handlers",
    load: async () => (await import("./worker.ts")).workerCommand(),
  },
  explain: {
    summary: "say why an autoscaler has the replicas it has",
    load: async () => (await import("./explain.ts")).explainCommand(),
  },
  crds: {
    summary: "print the custom resource definitions of this version",
    load: async () => (await import("./crds.ts")).crdsCommand(),
  },
  convert: {
    summary: "make WorkerAutoscalers from KEDA's ScaledObjects",
    load: async () => (await import("./convert.ts")).convertCommand(),
  },
};

const version = (): string => {
  const candidates = ["../../package.json", "../../../package.json"]; // from src/cli, from dist/src/cli
  for (const candidate of candidates) {
    try {
      const { name, version } = JSON.parse(
        readFileSync(new URL(candidate, import.meta.url), "utf8"),
      ) as Record<string, string>;
      if (name === "@millrace/server" && version !== undefined) return version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return "unknown";
};

const overview = (): Command => {
  const program = new Command("millrace")
    .description("Keeps a promise in seconds: just enough RabbitMQ workers, and the reason for each number.")
    .version(version())
    .showHelpAfterError();
  for (const [name, { summary }] of Object.entries(subcommands)) program.command(name).description(summary);
  return program;
};

/**
 * Runs `millrace <subcommand> ...`. Exit codes: 0 done, 1 failed, 2 wrong configuration or usage (every problem on a
 * line of its own on standard error).
 */
export const main = async (argv: readonly string[]): Promise<void> => {
  const [name = "", ...rest] = argv;
  const chosen = subcommands[name];
  try {
    const command = chosen === undefined ? overview() : (await chosen.load()).name(`millrace ${name}`);
    // The descriptions name the defaults; a value from the environment may hold a password.
    command.configureHelp({ optionDescription: ({ description }) => description });
    command.exitOverride((exit) => {
      process.exit(exit.exitCode === 0 ? 0 : 2);
    });
    if (chosen === undefined && argv.length === 0) command.help({ error: true });
    await command.parseAsync([...(chosen === undefined ? argv : rest)], { from: "user" });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`millrace ${name}: the configuration is wrong:`);
    for (const problem of error.problems) console.error(`  ${problem}`);
    process.exit(2);
  }
};

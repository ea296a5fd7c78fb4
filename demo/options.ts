import { parseArgs } from "node:util";
import { ConfigError } from "../kit/src/config-error.ts";
import { promise } from "./promise.ts";

export type DemoOptions = {
  /** Length of the load in seconds; undefined: until Ctrl-C. */
  readonly seconds: number | undefined;
  readonly json: boolean;
  readonly fastPath: boolean;
  readonly minReplicas: number;
};

export const usage = `npm run demo -- [--seconds N] [--json] [--no-fast-path] [--min N]
  --seconds N      length of the load, 30 or more; default: until Ctrl-C
  --json           the summary as one JSON line, the last one printed
  --no-fast-path   the operator reads Prometheus only, not the broker; needs --min 1 or more
  --min N          fewest workers, 0 to ${promise.maxReplicas}; default 0
AMQP_URL and DATABASE_URL point at an existing broker and database; without them private ones are started.`;

const wholeNumber = (text: string | undefined): number =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : Number.NaN;

const parseFlags = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        seconds: { type: "string" },
        json: { type: "boolean", default: false },
        "fast-path": { type: "boolean", default: true },
        min: { type: "string", default: "0" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
};

/** @throws ConfigError with every problem. Answers "help" when that was asked for. */
export const parseDemoOptions = (args: readonly string[]): DemoOptions | "help" => {
  const flags = parseFlags(args);
  if (flags.help) return "help";
  const problems: string[] = [];
  const seconds = flags.seconds === undefined ? undefined : wholeNumber(flags.seconds);
  const minReplicas = wholeNumber(flags.min);
  if (seconds !== undefined && !(seconds >= 30 && seconds <= 3600))
    problems.push(`--seconds: expected 30 to 3600, got ${flags.seconds}`);
  if (!(minReplicas <= promise.maxReplicas))
    problems.push(`--min: expected 0 to ${promise.maxReplicas}, got ${flags.min}`);
  if (!flags["fast-path"] && minReplicas === 0) {
    problems.push(
      "--no-fast-path: needs --min 1 or more, as only the broker knows of jobs while there are no workers",
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { seconds, json: flags.json, fastPath: flags["fast-path"], minReplicas };
};

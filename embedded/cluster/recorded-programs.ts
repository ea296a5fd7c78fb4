import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EmbeddedServiceError, type RunScope, startProgram } from "../run-scope.ts";
import { endGroupOf, identityOf, isAlive, type ProcessIdentity } from "./process-identity.ts";

/** Their data goes with them, so that none needs long to end well. */
const graceMs = 2_000;

/** Programs that outlive the command that started them, each with a record by which a later one ends just them. */
export type RecordedProgram = { readonly name: string; readonly identity: ProcessIdentity };

const recordsOf = (directory: string): string => join(directory, "processes");

/** Becomes the program once it is told to; ends when whoever started it dies before that. */
const onceRecorded = ["/bin/sh", "-c", 'read -r _ && exec "$@" < /dev/null', "sh"];

/** `RunScope.spawn` for such programs, none of which ever runs without its record: logs in `<directory>/logs`, records in `<directory>/processes`. */
export const recordedSpawn = (directory: string, signal: AbortSignal): RunScope["spawn"] => {
  mkdirSync(join(directory, "logs"), { recursive: true });
  mkdirSync(recordsOf(directory), { recursive: true });
  return (name, command, options = {}) => {
    signal.throwIfAborted();
    const place = { name, logFile: join(directory, "logs", `${name}.log`) };
    const program = startProgram(place, [...onceRecorded, ...command], { ...options, stdin: "pipe" });
    const { pid, stdin } = program.child;
    const identity = pid === undefined ? undefined : identityOf(pid);
    if (identity === undefined) throw new EmbeddedServiceError(`${name} did not start: ${command.join(" ")}`);
    writeFileSync(join(recordsOf(directory), `${name}.json`), JSON.stringify(identity));
    stdin?.on("error", () => {}); // EPIPE: it was ended before it began
    stdin?.end("go\n");
    program.child.unref();
    return program;
  };
};

export const recordedPrograms = async (directory: string): Promise<readonly RecordedProgram[]> => {
  await mkdir(recordsOf(directory), { recursive: true });
  const files = (await readdir(recordsOf(directory))).filter((file) => file.endsWith(".json")).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      name: file.slice(0, -".json".length),
      identity: JSON.parse(await readFile(join(recordsOf(directory), file), "utf8")) as ProcessIdentity,
    })),
  );
};

/** Names of those that are recorded and do not run any more. */
export const deadPrograms = async (directory: string): Promise<readonly string[]> =>
  (await recordedPrograms(directory)).filter(({ identity }) => !isAlive(identity)).map(({ name }) => name);

/** Ends those with these names, all at once; without names, all. */
export const endRecorded = async (directory: string, names?: readonly string[]): Promise<void> => {
  const programs = await recordedPrograms(directory);
  await Promise.all(
    programs
      .filter(({ name }) => names === undefined || names.includes(name))
      .map(async ({ name, identity }) => {
        await endGroupOf(identity, graceMs);
        await rm(join(recordsOf(directory), `${name}.json`), { force: true });
      }),
  );
};

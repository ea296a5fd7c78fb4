/** `npm run cluster up|down|status`: a real Kubernetes for tests, made on this machine. docs/cluster-for-tests.md. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArguments, usage, UsageError } from "../embedded/cluster/command-line.ts";
import { runClusterCommand } from "../embedded/cluster/commands.ts";

process.stdout.on("error", () => {}); // EPIPE: the reader has seen enough, and the work goes on
const interruption = new AbortController();
let interruptedBy: NodeJS.Signals | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    // npm passes a terminal's Ctrl-C on a second time; and whatever is being ended must end.
    if (interruptedBy === undefined) console.error(`${signal}: cleaning up ...`);
    interruptedBy ??= signal;
    interruption.abort(new Error(`interrupted by ${signal}`));
  });

/** Where this user may install them, what the distribution has; what is still missing then is told by `up`. */
const installFromDistribution = (): void => {
  const bootstrap = fileURLToPath(new URL("bootstrap.mjs", import.meta.url));
  spawnSync(process.execPath, [bootstrap, "--npm-only", "--cluster"], { stdio: "inherit" });
};

try {
  const command = parseArguments(process.argv.slice(2));
  if (command.kind === "up" || command.kind === "build") installFromDistribution();
  process.exitCode = await runClusterCommand(command, {
    env: process.env,
    print: (line) => console.log(line),
    signal: interruption.signal,
  });
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${usage}`);
  else if (interruptedBy === undefined) console.error((error as Error).message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
if (interruptedBy !== undefined) process.exitCode = interruptedBy === "SIGINT" ? 130 : 143;

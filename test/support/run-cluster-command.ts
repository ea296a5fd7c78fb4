import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../scripts/cluster.ts", import.meta.url));

export type CommandRun = {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Resolves as soon as this was printed; rejects when the command ends without it. */
  printed(text: string): Promise<void>;
  /** Exit code (null when a signal ended it) and everything printed. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
};

/** `npm run cluster <words>` after the bootstrap. */
export const runClusterCommand = (env: NodeJS.ProcessEnv, ...words: readonly string[]): CommandRun => {
  const child = spawn(process.execPath, [main, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const ended = once(child, "close").then(() => ({ code: child.exitCode, output }));
  return {
    pid: child.pid ?? 0,
    kill: (signal) => child.kill(signal),
    ended,
    async printed(text) {
      while (!output.includes(text)) {
        const next = await Promise.race([once(child.stdout, "data"), ended.then(() => "ended" as const)]);
        if (next === "ended" && !output.includes(text))
          throw new Error(`it ended without ${text}: ${output}`);
      }
    },
  };
};

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Summary } from "../../demo/account.ts";

const main = fileURLToPath(new URL("../../demo/main.ts", import.meta.url));

export type DemoRun = {
  readonly child: ChildProcess;
  /** Everything printed so far. */
  output(): string;
  /** The first match in what is printed, as soon as it is there; rejects when the demo ends without it. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code, null when a signal ended it. */
  readonly ended: Promise<number | null>;
};

/** Starts the demo as `npm run demo` does, after the bootstrap. */
export const runDemo = (...args: readonly string[]): DemoRun => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const ended = once(child, "close").then(() => child.exitCode);
  return {
    child,
    output: () => output,
    ended,
    async printed(pattern) {
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        const next = await Promise.race([once(child.stdout, "data"), ended.then(() => "ended" as const)]);
        if (next === "ended" && !pattern.test(output))
          throw new Error(`the demo ended without ${pattern}:\n${output}`);
      }
    },
  };
};

/** The account that `--json` prints last. */
export const summaryOf = (demo: DemoRun): Summary =>
  JSON.parse(demo.output().trim().split("\n").at(-1) ?? "") as Summary;

/** Where the run lives: its loopback address and its folder, once it has said so. */
export const placeOf = async (demo: DemoRun): Promise<{ address: string; directory: string }> => {
  const [, address = "", directory = ""] = await demo.printed(/at ([\d.]+), in (\S+)/);
  return { address, directory };
};

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";

/** The process that ends the replicas when the operator died without doing so. Restarted when it ends itself. */
export type Keeper = Service & {
  /** A replica runs and must not outlive the operator. */
  add(pid: number, graceMs: number): void;
  remove(pid: number): void;
  /** A file that must not outlive the operator. */
  addFile(path: string): void;
};

const restartAfterMs = 1_000;
const script = fileURLToPath(
  import.meta.url.endsWith(".ts")
    ? new URL("./keeper-main.ts", import.meta.url)
    : new URL("./keeper-main.js", import.meta.url),
);

/** @param token marks the fleet's replicas: the value of MILLRACE_FLEET in their environment */
export const createKeeper = (token: string, logger: Logger): Keeper => {
  const graces = new Map<number, number>();
  const files = new Set<string>();
  let child: ChildProcess | undefined;
  let restart: NodeJS.Timeout | undefined;
  let stopped = true;

  const tell = (line: string): void => {
    child?.stdin?.write(`${line}\n`);
  };

  const run = (): ChildProcess => {
    const started = spawn(process.execPath, [script, token], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    child = started;
    started.stdin?.on("error", () => {}); // EPIPE: it ended, and "exit" starts another one
    started.once("error", (error) => {
      if (child === started) child = undefined;
      logger.error({ err: error }, "cannot start the keeper of the replicas");
    });
    started.once("exit", () => {
      if (child === started) child = undefined;
      if (stopped) return;
      logger.warn({ pid: started.pid }, "the keeper of the replicas ended, starting another one");
      restart = setTimeout(run, restartAfterMs);
    });
    for (const [pid, graceMs] of graces) tell(`replica ${pid} ${graceMs}`);
    for (const path of files) tell(`file ${path}`);
    return started;
  };

  return {
    add(pid, graceMs) {
      graces.set(pid, graceMs);
      tell(`replica ${pid} ${graceMs}`);
    },
    remove(pid) {
      graces.delete(pid);
      tell(`gone ${pid}`);
    },
    addFile(path) {
      files.add(path);
      tell(`file ${path}`);
    },
    async start() {
      if (!stopped) return;
      stopped = false;
      await once(run(), "spawn");
    },
    async stop() {
      stopped = true;
      clearTimeout(restart);
      const ending = child;
      if (ending === undefined) return;
      ending.stdin?.end();
      await once(ending, "exit");
    },
  };
};

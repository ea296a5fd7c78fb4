import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programs } from "../scripts/programs.mjs";

/** A program that could not be started, or ended before it was ready. `log` holds the last of what it printed. */
export class EmbeddedServiceError extends Error {
  override readonly name = "EmbeddedServiceError";
  readonly code = "embedded-service-failed";
}

export type SpawnOptions = {
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
};

export type RunningProgram = {
  readonly child: ChildProcess;
  /** Resolves when the program has ended. */
  readonly ended: Promise<void>;
  /** True once it has ended. */
  hasEnded(): boolean;
  /** SIGTERM to its whole group, SIGKILL after `graceMs`. Resolves when it has ended. */
  end(graceMs: number): Promise<void>;
  logTail(): Promise<string>;
};

/**
 * All that one run (a demo, a test run, a bench) starts: one loopback address of its own, one folder, and a watchdog
 * process that ends the rest when the run dies. Nothing here is shared with another run or with the machine's services.
 */
export type RunScope = {
  /** An address inside 127.0.0.0/8, chosen at random for this run. */
  readonly address: string;
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** See `findFreePort`. */
  freePort(): Promise<number>;
  /** Path of a program or of its folder; an EmbeddedServiceError names the package and the variable when it is missing. */
  program(name: keyof typeof programs): string;
  /** Starts a program in a process group of its own, its output in `<directory>/<name>.log`. */
  spawn(name: string, command: readonly string[], options?: SpawnOptions): RunningProgram;
  /** Ends whatever still runs (its data goes with it, so after a second by SIGKILL) and removes the folder. */
  stop(): Promise<void>;
};

const randomBetween = (low: number, high: number): number =>
  low + Math.floor(Math.random() * (high - low + 1));

/** An address inside 127.0.0.0/8 that nobody else will have chosen. */
export const randomLoopback = (): string =>
  `127.${randomBetween(10, 250)}.${randomBetween(0, 255)}.${randomBetween(2, 250)}`;

const listening = (where: { readonly host: string; readonly port: number } | { readonly path: string }) =>
  new Promise<Server | undefined>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ ...where, exclusive: true }, () => resolve(server));
  });

const isFree = async (port: number): Promise<boolean> => {
  const server = await listening({ host: "0.0.0.0", port });
  if (server === undefined) return false;
  server.close();
  await once(server, "close");
  return true;
};

/** Below the ports that the kernel gives away by itself (from 32768) and those of Kubernetes' Services (from 30000). */
const [lowestPort, highestPort] = [20_000, 29_999];

/**
 * A port that nothing listens on at any address, as RabbitMQ wants it for its distribution. Until this process ends, no
 * other one on this machine is given it: an abstract socket stands for it.
 */
export const findFreePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = randomBetween(lowestPort, highestPort);
    const reservation = await listening({ path: `\0millrace-port-${port}` });
    if (reservation === undefined) continue;
    if (await isFree(port)) {
      reservation.unref();
      return port;
    }
    reservation.close();
  }
  throw new EmbeddedServiceError(`no free port between ${lowestPort} and ${highestPort}`);
};

const signalGroup = (group: number | undefined, signal: NodeJS.Signals): void => {
  try {
    if (group !== undefined) process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** Starts a program in a process group of its own. */
export const startProgram = (
  place: { readonly logFile: string; readonly name: string },
  command: readonly string[],
  options: SpawnOptions & { readonly stdin?: "pipe" },
): RunningProgram => {
  const [file = "", ...args] = command;
  const log = openSync(place.logFile, "a");
  const { stdin = "ignore", ...spawnOptions } = options;
  const child = spawn(file, args, { ...spawnOptions, detached: true, stdio: [stdin, log, log] });
  closeSync(log);
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const finish = (): void => {
      over = true;
      resolve();
    };
    child.once("exit", finish);
    child.once("error", finish);
  });
  return {
    child,
    ended,
    hasEnded: () => over,
    logTail: async () => (await readFile(place.logFile, "utf8")).slice(-2_000),
    async end(graceMs) {
      signalGroup(child.pid, "SIGTERM");
      const timer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs);
      await ended;
      clearTimeout(timer);
      signalGroup(child.pid, "SIGKILL"); // what the program left in its group
    },
  };
};

const startWatchdog = (directory: string): { tell(line: string): void; finish(): Promise<void> } => {
  const watchdog = spawn(process.execPath, [fileURLToPath(new URL("watchdog.ts", import.meta.url))], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.unref();
  watchdog.stdin.on("error", () => {}); // EPIPE: the watchdog was killed; stop() still ends every group by itself
  const tell = (line: string): void => void watchdog.stdin.write(`${line}\n`);
  tell(`folder ${directory}`);
  return {
    tell,
    async finish() {
      if (watchdog.exitCode !== null || watchdog.signalCode !== null) return;
      watchdog.ref();
      watchdog.stdin.end();
      await once(watchdog, "exit");
    },
  };
};

export const createRunScope = async (
  options: { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<RunScope> => {
  const env = options.env ?? process.env;
  const directory = await mkdtemp(join(tmpdir(), "millrace-"));
  const address = randomLoopback();
  const watchdog = startWatchdog(directory);
  const running = new Set<RunningProgram>();
  return {
    address,
    directory,
    env,
    freePort: findFreePort,
    program(name) {
      const { title, debian, variable, find } = programs[name];
      const path = find(env);
      if (path !== undefined) return path;
      throw new EmbeddedServiceError(`${title} is missing: apt-get install ${debian}, or set ${variable}`);
    },
    spawn(name, command, spawnOptions = {}) {
      const program = startProgram({ name, logFile: join(directory, `${name}.log`) }, command, spawnOptions);
      running.add(program);
      const group = program.child.pid;
      if (group !== undefined) watchdog.tell(`group ${group}`);
      void program.ended.then(() => {
        running.delete(program);
      });
      return program;
    },
    async stop() {
      await Promise.all([...running].map((program) => program.end(1_000)));
      await watchdog.finish();
    },
  };
};

/** Asks `isReady` again and again until it answers true; fails when the program ends first or `deadlineMs` has passed. */
export const untilReady = async (
  what: string,
  program: RunningProgram,
  isReady: () => Promise<boolean>,
  deadlineMs = 60_000,
): Promise<void> => {
  const until = Date.now() + deadlineMs;
  while (!(await isReady())) {
    if (program.hasEnded())
      throw new EmbeddedServiceError(`${what} ended before it was ready: ${await program.logTail()}`);
    if (Date.now() > until)
      throw new EmbeddedServiceError(`${what} was not ready in ${deadlineMs} ms: ${await program.logTail()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** True when `url` answers with a 2xx status within a second. */
export const answers = async (url: string, headers: Record<string, string> = {}): Promise<boolean> => {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
};

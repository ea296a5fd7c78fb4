import { type ChildProcess, spawn } from "node:child_process";

export type ProcessExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type ReplicaProcess = {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** To the program itself, as a container gets it: what it started is its own to end. */
  terminate(): void;
  /** SIGKILL to its whole process group. */
  kill(): void;
};

export type SpawnRequest = {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File descriptor for both of its outputs. */
  readonly output: number;
};

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** Starts the program in a process group of its own. Rejects when it cannot be started at all. What it leaves behind in its group when it exits is killed. */
export const spawnReplica = (request: SpawnRequest): Promise<ReplicaProcess> => {
  const [program, ...args] = request.command;
  const child: ChildProcess = spawn(program === "node" ? process.execPath : program, args, {
    env: request.env,
    detached: true,
    stdio: ["ignore", request.output, request.output],
  });
  const { pid } = child;
  if (pid === undefined) {
    return new Promise((_, reject) => {
      child.once("error", reject);
    });
  }
  child.on("error", () => {}); // a signal that could not be sent; its exit is what counts
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once("exit", (code, signal) => {
      send(-pid, "SIGKILL");
      resolve({ code, signal });
    });
  });
  return Promise.resolve({
    pid,
    exited,
    terminate: () => send(pid, "SIGTERM"),
    kill: () => send(-pid, "SIGKILL"),
  });
};

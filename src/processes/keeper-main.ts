/**
 * Ends the replicas when the operator can no longer do it: whatever way it dies, the pipe to this process closes.
 *
 * Started once by the fleet, in a session of its own, with the fleet's token as its argument. Lines on standard input:
 * `replica PID GRACE_MS` (spawned), `gone PID` (exited), `file PATH` (to be removed when the operator is gone).
 * Then: SIGTERM to each replica, its grace, SIGKILL to its whole process group, end.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

const pollMs = 50;
/** For a replica that was spawned, but not announced, when the operator died. */
const unannouncedGraceMs = 30_000;
const token = process.argv[2] ?? "";
const graces = new Map<number, number>(); // pid → grace in ms
const files = new Set<string>();

const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false; // ESRCH: it is gone
  }
};

/** A zombie still answers signal 0 where nobody reaps orphans. */
const isAlive = (pid: number): boolean => {
  if (!signal(pid, 0)) return false;
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return process.platform !== "linux"; // on Linux it ended in between
  }
};

/** Replicas of this fleet that are not announced, found by the token in their environment. Linux only, elsewhere none. */
const unannounced = (): number[] => {
  const found: number[] = [];
  try {
    for (const entry of readdirSync("/proc")) {
      const pid = Number(entry);
      if (!Number.isInteger(pid) || pid === process.pid || graces.has(pid)) continue;
      if (isReplicaLeader(pid)) found.push(pid);
    }
  } catch {
    return found; // no /proc on this system
  }
  return found;
};

const isReplicaLeader = (pid: number): boolean => {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    const group = Number(
      readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")[2],
    );
    return group === pid && environment.includes(`MILLRACE_FLEET=${token}`);
  } catch {
    return false; // another user's process, or one that ended in between
  }
};

const endOne = async (pid: number, graceMs: number): Promise<void> => {
  signal(pid, "SIGTERM");
  const until = performance.now() + graceMs;
  while (isAlive(pid) && performance.now() < until) await delay(pollMs);
  signal(-pid, "SIGKILL");
};

const endAll = async (): Promise<void> => {
  for (const pid of unannounced()) graces.set(pid, unannouncedGraceMs);
  await Promise.all([...graces].map(([pid, graceMs]) => endOne(pid, graceMs)));
  for (const path of files) rmSync(path, { force: true });
};

const handle: Readonly<Record<string, (rest: string) => void>> = {
  replica(rest) {
    const [pid, graceMs] = rest.split(" ").map(Number);
    if (pid !== undefined && graceMs !== undefined) graces.set(pid, graceMs);
  },
  gone: (rest) => void graces.delete(Number(rest)),
  file: (rest) => void files.add(rest),
};

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const space = line.indexOf(" ");
    handle[line.slice(0, space)]?.(line.slice(space + 1));
  })
  .on("close", () => {
    void endAll().finally(() => process.exit(0));
  });

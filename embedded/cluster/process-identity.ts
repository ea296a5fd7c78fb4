import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** One process and no later one: ids are reused, but never within the same clock tick of the same boot. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: the tick since boot in which it began. */
  readonly startTicks: string;
  readonly bootId: string;
};

/** Another one after each start of the machine. */
export const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** Undefined when there is no such process, or nothing but its exit code is left of it. */
export const identityOf = (pid: number): ProcessIdentity | undefined => {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // ENOENT or ESRCH: it has ended
  }
  // The second field is the name in brackets, which may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = ""] = fields;
  const startTicks = fields[19] ?? "";
  return state === "Z" || state === "X" ? undefined : { pid, startTicks, bootId: bootId() };
};

export const isAlive = (identity: ProcessIdentity): boolean => {
  const now = identityOf(identity.pid);
  return now !== undefined && now.startTicks === identity.startTicks && now.bootId === identity.bootId;
};

const signal = (identity: ProcessIdentity, name: NodeJS.Signals): void => {
  if (!isAlive(identity)) return;
  try {
    process.kill(-identity.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** Resolves when the process has ended. */
export const endOf = async (identity: ProcessIdentity): Promise<void> => {
  while (isAlive(identity)) await delay(20);
};

/** SIGTERM to the group that the process leads, SIGKILL after `graceMs`; resolves when the process has ended. */
export const endGroupOf = async (identity: ProcessIdentity, graceMs: number): Promise<void> => {
  signal(identity, "SIGTERM");
  const until = Date.now() + graceMs;
  while (isAlive(identity) && Date.now() < until) await delay(20);
  signal(identity, "SIGKILL");
  await endOf(identity);
};

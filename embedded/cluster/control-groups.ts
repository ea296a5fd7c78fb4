import { existsSync } from "node:fs";
import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { identityOf } from "./process-identity.ts";

/** The pods' control groups, in each hierarchy: one by controller in version 1, a single one in version 2. */
export const podControlGroups = async (): Promise<readonly string[]> => {
  const root = "/sys/fs/cgroup";
  const parents = [root, ...(await readdir(root)).map((name) => join(root, name))];
  return parents.map((parent) => join(parent, "kubepods")).filter((folder) => existsSync(folder));
};

const kill = (pid: number): void => {
  if (identityOf(pid) === undefined) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** Ends the processes of containers whose shim is gone. */
export const endPodProcesses = async (): Promise<void> => {
  for (const group of await podControlGroups())
    for (const file of await readdir(group, { recursive: true }).catch(() => [])) {
      if (!file.endsWith("cgroup.procs")) continue;
      const members = await readFile(join(group, file), "utf8").catch(() => ""); // the group is gone
      for (const pid of members.split("\n").filter((line) => line !== "")) kill(Number(pid));
    }
};

const removeGroup = async (folder: string): Promise<void> => {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory()) await removeGroup(join(folder, entry.name));
  await rmdir(folder).catch(() => {}); // ENOENT, or EBUSY: tried again
};

/** Resolves when they are gone: a group is busy until the last of its processes has quite ended. */
export const removePodControlGroups = async (): Promise<void> => {
  const until = Date.now() + 5_000;
  for (let groups = await podControlGroups(); groups.length > 0; groups = await podControlGroups()) {
    for (const group of groups) await removeGroup(group);
    if (Date.now() > until) return;
    await delay(20);
  }
};

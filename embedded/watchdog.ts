/**
 * Ends what a run started when the run itself can no longer do it (SIGKILL, crash, lost terminal).
 *
 * Started once a run, in a session of its own, with a pipe from the run as standard input. Each line is
 * `group PID` (a process group to end), `ungroup PID` (it ended already) or `folder PATH` (to be removed).
 * The end of the pipe means that the run is over, in whatever way.
 */
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

const graceMs = 3_000;
const groups = new Set<number>();
const folders = new Set<string>();

const signalGroup = (group: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false; // ESRCH: the whole group is gone
  }
};

const endAll = async (): Promise<void> => {
  for (const group of groups) signalGroup(group, "SIGTERM");
  for (
    let waitedMs = 0;
    waitedMs < graceMs && [...groups].some((group) => signalGroup(group, 0));
    waitedMs += 50
  ) {
    await delay(50);
  }
  for (const group of groups) signalGroup(group, "SIGKILL");
  for (const folder of folders)
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
};

const handle: Readonly<Record<string, (value: string) => void>> = {
  group: (value) => groups.add(Number(value)),
  ungroup: (value) => groups.delete(Number(value)),
  folder: (value) => folders.add(value),
};

process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("SIGHUP", () => {});
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const space = line.indexOf(" ");
    handle[line.slice(0, space)]?.(line.slice(space + 1));
  })
  .on("close", () => {
    void endAll().finally(() => process.exit(0));
  });

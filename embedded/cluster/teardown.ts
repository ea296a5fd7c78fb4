import { existsSync } from "node:fs";
import { readdir, readFile, readlink, rm, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { machineFolder } from "./folders.ts";
import { containerdSocket } from "./node-configuration.ts";
import { endPodProcesses, removePodControlGroups } from "./control-groups.ts";
import { lowerNetwork, raisedNetwork } from "./node-network.ts";
import { endGroupOf, identityOf } from "./process-identity.ts";
import { endRecorded } from "./recorded-programs.ts";
import type { SystemCommands } from "./system-commands.ts";

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");

const removeContainers = async (commands: SystemCommands): Promise<void> => {
  if (!existsSync(containerdSocket)) return;
  const ctr = (...args: readonly string[]): Promise<string> =>
    commands.run("ctr", "-a", containerdSocket, "-n", "k8s.io", ...args).catch(() => ""); // containerd has died: what is left is ended below
  const tasks = words(await ctr("tasks", "ls", "-q"));
  if (tasks.length > 0) await ctr("tasks", "rm", "-f", ...tasks);
  const containers = words(await ctr("containers", "ls", "-q"));
  if (containers.length > 0) await ctr("containers", "rm", ...containers);
};

/** Each container has a shim that outlives containerd; it names our socket. */
const endShims = async (): Promise<void> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""); // it has ended
    const isShim = command.includes("containerd-shim") && command.includes(containerdSocket);
    const identity = isShim ? identityOf(pid) : undefined;
    if (identity !== undefined) await endGroupOf(identity, 1_000);
  }
};

/** Mounts below these folders, the deepest first. */
const mountsBelow = async (folders: readonly string[]): Promise<readonly string[]> =>
  (await readFile("/proc/mounts", "utf8"))
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((mount) => folders.some((folder) => mount.startsWith(`${folder}/`)))
    .toSorted()
    .toReversed();

const removeLogLinks = async (directory: string): Promise<void> => {
  const folder = "/var/log/containers";
  for (const name of await readdir(folder).catch(() => [])) {
    const target = await readlink(join(folder, name)).catch(() => "");
    if (target.startsWith(`${directory}/`)) await unlink(join(folder, name));
  }
};

/** Folders that containerd and the kubelet make wherever the rest of them lies; those of another one are not empty. */
const strayFolders = ["/run/containerd/s", "/run/containerd", "/var/log/containers"];

/** Ends the programs of a cluster without nodes, and removes its state. */
export const takeDownControlPlane = async (directory: string): Promise<void> => {
  await endRecorded(directory, ["kube-controller-manager", "kube-apiserver"]);
  await endRecorded(directory);
  await rm(directory, { recursive: true, force: true });
};

/** Undoes what a node changes outside its folder. */
const removeNode = async (directory: string, stores: string, commands: SystemCommands): Promise<void> => {
  await endPodProcesses();
  for (const mount of await mountsBelow([directory, stores, machineFolder]))
    await commands.run("umount", "-l", mount);
  await lowerNetwork(directory, commands);
  await removePodControlGroups();
  await removeLogLinks(directory);
  for (const folder of strayFolders) await rmdir(folder).catch(() => {}); // ENOENT, or somebody else's
  for (const name of await readdir(machineFolder).catch(() => []))
    if (!name.startsWith("owner.json")) await rm(join(machineFolder, name), { recursive: true, force: true });
};

/** Ends what the full cluster in `directory` started, and undoes what it changed; its stores of images stay. */
export const takeDownFullCluster = async (
  directory: string,
  stores: string,
  commands: SystemCommands,
): Promise<void> => {
  // Where it never came to be a node, or was one before the machine started anew, a node here is somebody else's.
  const isNode = await raisedNetwork(directory);
  await endRecorded(directory, ["kube-proxy", "kubelet"]);
  if (isNode) await removeContainers(commands);
  if (isNode) await endShims();
  await endRecorded(directory, ["kube-scheduler", "kube-controller-manager", "kube-apiserver"]);
  await endRecorded(directory);
  if (isNode) await removeNode(directory, stores, commands);
  await rm(directory, { recursive: true, force: true });
};

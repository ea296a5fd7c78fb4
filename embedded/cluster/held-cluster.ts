import { existsSync } from "node:fs";
import { readFile, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ClusterFolders, machineFolder } from "./folders.ts";
import {
  type ClusterFacts,
  factsFile,
  startFullCluster,
  startKeptControlPlane,
  type StartOptions,
} from "./full-cluster.ts";
import { claim, claimKept, describeOwner, type Ownership, readOwnership, release } from "./ownership.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { deadPrograms } from "./recorded-programs.ts";
import { systemCommands } from "./system-commands.ts";
import { takeDownControlPlane, takeDownFullCluster } from "./teardown.ts";

/** control-plane: no nodes, pods stay Pending, no root needed. full: pods run; one a machine. */
export type ClusterLevel = "control-plane" | "full";

/** Another living process has the cluster. */
export class ClusterHeldError extends Error {
  override readonly name = "ClusterHeldError";
  constructor(level: ClusterLevel, by: Ownership) {
    super(`the ${level} cluster belongs to ${describeOwner(by)}: wait for it to end`);
  }
}

export type BroughtUp = ClusterFacts & {
  /** False when it ran already: whoever started it ends it. */
  readonly started: boolean;
};

export type BringUpOptions = StartOptions & {
  /** How long to wait while another living process has the cluster; 0 is an error at once. */
  readonly waitMs: number;
};

const directoryOf = (level: ClusterLevel, folders: ClusterFolders): string =>
  level === "full" ? folders.full : folders.controlPlane;

/** Where it stands whose it is: for the full cluster one place a machine, whatever the cache folder. */
export const ownerFile = (level: ClusterLevel, folders: ClusterFolders): string =>
  level === "full" ? join(machineFolder, "owner.json") : `${folders.controlPlane}.owner.json`;

const clearAway = async (level: ClusterLevel, directory: string, env: NodeJS.ProcessEnv): Promise<void> => {
  if (level === "control-plane") return takeDownControlPlane(directory);
  return takeDownFullCluster(directory, join(dirname(directory), "stores"), systemCommands(env));
};

const letGo = async (level: ClusterLevel, folders: ClusterFolders): Promise<void> => {
  await release(ownerFile(level, folders));
  if (level === "full") await rmdir(machineFolder).catch(() => {}); // ENOTEMPTY: the next owner is there
};

export const readFacts = async (level: ClusterLevel, folders: ClusterFolders): Promise<ClusterFacts> => {
  const by = await readOwnership(ownerFile(level, folders));
  const directory = by?.directory ?? directoryOf(level, folders);
  return JSON.parse(await readFile(factsFile(directory), "utf8")) as ClusterFacts;
};

/** Makes this process the owner; answers with the facts instead when a person keeps one that is whole. */
const obtain = async (
  level: ClusterLevel,
  folders: ClusterFolders,
  options: BringUpOptions,
): Promise<ClusterFacts | undefined> => {
  const file = ownerFile(level, folders);
  const until = Date.now() + options.waitMs;
  let told = "";
  for (;;) {
    options.signal.throwIfAborted();
    const answer = await claim(file, directoryOf(level, folders));
    if (answer.kind === "claimed") return undefined;
    if (answer.kind === "orphan") {
      options.say(`taking down what ${describeOwner(answer.left)} left behind when it died`);
      await clearAway(level, answer.left.directory, options.env);
      return undefined;
    }
    if (answer.kind === "held") {
      if (Date.now() >= until) throw new ClusterHeldError(level, answer.by);
      if (told !== describeOwner(answer.by)) options.say(`waiting for ${describeOwner(answer.by)}`);
      told = describeOwner(answer.by);
      await delay(500, undefined, { signal: options.signal });
      continue;
    }
    const dead = await deadPrograms(answer.by.directory);
    if (dead.length === 0 && existsSync(factsFile(answer.by.directory))) return readFacts(level, folders);
    if (!(await claimKept(file))) continue;
    options.say(`the cluster that ran has lost ${dead.join(", ")}: starting it anew`);
    await clearAway(level, answer.by.directory, options.env);
    return undefined;
  }
};

/** Starts the cluster of a level for this process, or finds the one that a person keeps. On failure nothing is left. */
export const bringUp = async (
  level: ClusterLevel,
  folders: ClusterFolders,
  options: BringUpOptions,
): Promise<BroughtUp> => {
  const running = await obtain(level, folders, options);
  if (running !== undefined) return { ...running, started: false };
  const directory = directoryOf(level, folders);
  try {
    if (existsSync(directory)) await clearAway(level, directory, options.env);
    const start = level === "full" ? startFullCluster : startKeptControlPlane;
    return { ...(await start(folders, options)), started: true };
  } catch (error) {
    await clearAway(level, directory, options.env);
    await letGo(level, folders);
    throw error;
  }
};

/** Ends this process's own cluster. */
export const takeDownOwn = async (
  level: ClusterLevel,
  folders: ClusterFolders,
  env: NodeJS.ProcessEnv,
): Promise<void> => {
  await clearAway(level, directoryOf(level, folders), env);
  await letGo(level, folders);
};

/** Ends one that a person keeps, or that a dead owner left. False when none runs. */
export const takeDown = async (
  level: ClusterLevel,
  folders: ClusterFolders,
  env: NodeJS.ProcessEnv,
): Promise<boolean> => {
  const file = ownerFile(level, folders);
  const by = await readOwnership(file);
  if (by === undefined) return false;
  if (by.owner === "kept") {
    if (!(await claimKept(file))) return false;
  } else {
    const answer = await claim(file, by.directory);
    if (answer.kind === "held") throw new ClusterHeldError(level, answer.by);
  }
  await clearAway(level, by.directory, env);
  await letGo(level, folders);
  return true;
};

/** Ends the full cluster of a process that has died; leaves one that belongs to anybody else by now. */
export const takeDownLeftBy = async (
  dead: ProcessIdentity,
  folders: ClusterFolders,
  env: NodeJS.ProcessEnv,
): Promise<void> => {
  const by = await readOwnership(ownerFile("full", folders));
  const isTheirs = by !== undefined && by.owner !== "kept" && by.owner.pid === dead.pid;
  if (isTheirs) await takeDown("full", folders, env);
};

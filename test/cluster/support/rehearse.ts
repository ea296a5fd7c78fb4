import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { podControlGroups } from "../../../embedded/cluster/control-groups.ts";
import type { ClusterFolders } from "../../../embedded/cluster/folders.ts";
import { machineFolder } from "../../../embedded/cluster/folders.ts";
import { type BringUpOptions, ownerFile } from "../../../embedded/cluster/held-cluster.ts";
import { networkRemains } from "../../../embedded/cluster/node-network.ts";
import { startRunCluster } from "../../../embedded/cluster/run-cluster.ts";
import { systemCommands } from "../../../embedded/cluster/system-commands.ts";
import { processesThatName } from "../../support/left-behind.ts";

const killedRun = fileURLToPath(new URL("../fixtures/killed-run.ts", import.meta.url));

/** What a machine shows of a cluster: all of it must be as before once it is down. */
export type Traces = {
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly network: readonly string[];
  readonly controlGroups: readonly string[];
  readonly folders: readonly string[];
  readonly forwarding: string;
};

/** Two whole lives of a cluster, before the one that the tests share; none where that one is kept. */
export type Rehearsal =
  | { readonly kind: "none" }
  | {
      readonly kind: "done";
      readonly before: Traces;
      readonly during: Traces;
      /** After a run that ended its cluster. */
      readonly after: Traces;
      /** After a run that was killed. */
      readonly afterKill: Traces;
    };

const traces = async (folders: ClusterFolders, env: NodeJS.ProcessEnv): Promise<Traces> => ({
  processes: [...processesThatName(folders.full), ...processesThatName(machineFolder)],
  mounts: readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(folders.full) || line.includes(machineFolder)),
  network: await networkRemains(systemCommands(env)),
  controlGroups: await podControlGroups(),
  folders: [folders.full, machineFolder, "/var/log/containers", "/run/containerd"].filter(
    (folder) => existsSync(folder) && readdirSync(folder).length > 0,
  ),
  forwarding: readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim(),
});

/** A run that dies while its cluster is up: resolves when the run's keeper has done its work, or should have. */
const killRun = async (env: NodeJS.ProcessEnv, folders: ClusterFolders): Promise<void> => {
  const child = spawn(process.execPath, [killedRun], { env, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exited]);
  child.kill("SIGKILL");
  await exited;
  // The keeper removes the owner's record last; it is nobody's child that one could wait for.
  const until = Date.now() + 180_000;
  while (existsSync(ownerFile("full", folders)) && Date.now() < until) await delay(100);
};

/** Up, a pod, down, and the same with a kill: with what the machine shows of it before, meanwhile and after. */
export const rehearse = async (folders: ClusterFolders, options: BringUpOptions): Promise<Rehearsal> => {
  const { env } = options;
  const before = await traces(folders, env);
  const cluster = await startRunCluster(folders, options);
  if (!cluster.isOwn) {
    await cluster.end();
    return { kind: "none" };
  }
  const kubectl = (...args: readonly string[]): Promise<string> =>
    systemCommands(env).run(cluster.facts.kubectl, `--kubeconfig=${cluster.facts.kubeconfig}`, ...args);
  await kubectl("run", "rehearsal", "--image=node:24", "--", "node", "-e", "setInterval(() => {}, 1000)");
  await kubectl("wait", "--for=condition=Ready", "pod/rehearsal", "--timeout=120s");
  const during = await traces(folders, env);
  await cluster.end();
  const after = await traces(folders, env);
  await killRun(env, folders);
  return { kind: "done", before, during, after, afterKill: await traces(folders, env) };
};

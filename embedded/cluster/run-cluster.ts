import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ClusterFolders } from "./folders.ts";
import type { ClusterFacts } from "./full-cluster.ts";
import { bringUp, type BringUpOptions, takeDownOwn } from "./held-cluster.ts";

const keeper = fileURLToPath(new URL("keeper.ts", import.meta.url));

export type RunCluster = {
  readonly facts: ClusterFacts;
  /** False when a person keeps it: then it stays. */
  readonly isOwn: boolean;
  end(): Promise<void>;
};

/** Ends the cluster should this process die before it can. */
const startKeeper = (env: NodeJS.ProcessEnv): { finish(): void } => {
  const child = spawn(process.execPath, [keeper, String(process.pid)], {
    env,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  child.stdin.on("error", () => {}); // EPIPE: it was killed; the next run takes the cluster over
  return { finish: () => void child.stdin.end() };
};

/** The full cluster for one run (tests, a bench): the one that is kept, or one that ends with the run, however it ends. */
export const startRunCluster = async (
  folders: ClusterFolders,
  options: BringUpOptions,
): Promise<RunCluster> => {
  const watch = startKeeper(options.env);
  const { started, ...facts } = await bringUp("full", folders, options);
  return {
    facts,
    isOwn: started,
    async end() {
      if (started) await takeDownOwn("full", folders, options.env);
      watch.finish();
    },
  };
};

import { homedir } from "node:os";
import { join } from "node:path";

/** Where a cluster for tests keeps what it builds, and where the one with nodes runs. */
export type ClusterFolders = {
  /** Programs built from source. */
  readonly programs: string;
  /** Image archives, and the file trees that they are made from. */
  readonly images: string;
  /** containerd's and dockerd's stores: kept, so that an image is imported once. */
  readonly stores: string;
  /** Certificates, configuration, logs, process records of the full cluster; gone after `down`. */
  readonly full: string;
  /** The same of the control plane that `npm run cluster up control-plane` keeps. */
  readonly controlPlane: string;
};

/** Fixed, since there is one full cluster a machine, and short, since the path of a socket is at most 107 bytes. */
export const machineFolder = "/run/millrace-cluster";

/** The kubelet makes sockets below its folder, so the cache's own path cannot be long. */
const longestRoot = 60;

export class ClusterFolderError extends Error {
  override readonly name = "ClusterFolderError";
}

/** `MILLRACE_CACHE_DIR` moves all of it; by default it is the user's cache folder. */
export const clusterFolders = (env: NodeJS.ProcessEnv): ClusterFolders => {
  const userCache = env["XDG_CACHE_HOME"] ?? join(env["HOME"] ?? homedir(), ".cache");
  const root = env["MILLRACE_CACHE_DIR"] ?? join(userCache, "millrace");
  if (!root.startsWith("/") || root.length > longestRoot)
    throw new ClusterFolderError(
      `MILLRACE_CACHE_DIR: expected an absolute path of at most ${longestRoot} characters, got ${root}`,
    );
  return {
    programs: join(root, "programs"),
    images: join(root, "images"),
    stores: join(root, "stores"),
    full: join(root, "full"),
    controlPlane: join(root, "control-plane"),
  };
};

import { ClusterUnavailableError, whyUnavailable } from "../../embedded/cluster/availability.ts";
import { clusterFolders } from "../../embedded/cluster/folders.ts";
import type { ClusterLevel } from "../../embedded/cluster/held-cluster.ts";

export type LevelProject = {
  readonly include: string[];
  readonly globalSetup: string[];
  readonly provide: { readonly unavailable: string };
};

/** The tests of a project that needs a cluster; where it cannot be had, one in their place that says why. */
export const levelProject = async (
  level: ClusterLevel,
  tests: Pick<LevelProject, "include" | "globalSetup">,
): Promise<LevelProject> => {
  const { env } = process;
  const isGiven = env["KUBECONFIG"] !== undefined;
  const missing = isGiven ? [] : await whyUnavailable(level, clusterFolders(env), env);
  if (missing.length === 0) return { ...tests, provide: { unavailable: "" } };
  const { message } = new ClusterUnavailableError(level, missing);
  return {
    include: ["test/support/level-unavailable.ts"],
    globalSetup: [],
    provide: { unavailable: message },
  };
};

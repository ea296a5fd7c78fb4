import { resolve } from "node:path";
import { ClusterUnavailableError, whyUnavailable } from "../../embedded/cluster/availability.ts";
import { clusterFolders } from "../../embedded/cluster/folders.ts";
import { readFacts, type ClusterLevel } from "../../embedded/cluster/held-cluster.ts";

export type LevelProject = {
  readonly include: string[];
  readonly globalSetup: string[];
  readonly provide: { readonly unavailable: string };
};

const whyNotHere = async (level: ClusterLevel): Promise<string> => {
  const missing = await whyUnavailable(level, clusterFolders(process.env), process.env);
  return missing.length === 0 ? "" : new ClusterUnavailableError(level, missing).message;
};

/** Images and servers of this machine are given only to a cluster of this machine. */
const whyNotGiven = async (level: ClusterLevel, kubeconfig: string): Promise<string> => {
  if (level === "control-plane") return "";
  const kept = await readFacts("full", clusterFolders(process.env)).catch(() => undefined); // none runs
  return kept?.kubeconfig === resolve(kubeconfig)
    ? ""
    : `KUBECONFIG=${kubeconfig} is not the cluster that \`npm run cluster up full\` keeps, and no other can be given the images and servers that these tests' pods need. Unset it, and they make one of their own.`;
};

/** The tests of a project that needs a cluster; where it cannot be had, one in their place that says why. */
export const levelProject = async (
  level: ClusterLevel,
  tests: Pick<LevelProject, "include" | "globalSetup">,
): Promise<LevelProject> => {
  const given = process.env["KUBECONFIG"];
  const unavailable = given === undefined ? await whyNotHere(level) : await whyNotGiven(level, given);
  if (unavailable === "") return { ...tests, provide: { unavailable } };
  return { include: ["test/support/level-unavailable.ts"], globalSetup: [], provide: { unavailable } };
};

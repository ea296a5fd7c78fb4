import { controlPlaneDistribution, nodeDistribution, programs } from "../../scripts/programs.mjs";
import type { ClusterFolders } from "./folders.ts";
import { whyNotBuildable } from "./go-build.ts";
import type { ClusterLevel } from "./held-cluster.ts";
import { controlPlanePrograms, nodePrograms } from "./pinned-programs.ts";
import { missingDistribution } from "./system-commands.ts";

/** A level of cluster that this machine cannot have. The message lists everything that is missing. */
export class ClusterUnavailableError extends Error {
  override readonly name = "ClusterUnavailableError";
  constructor(level: ClusterLevel, missing: readonly string[]) {
    const lines = missing.map((one) => `  ${one}`);
    const instead = "Or point KUBECONFIG at an existing cluster.";
    super([`a ${level} cluster cannot be had here; it needs:`, ...lines, instead].join("\n"));
  }
}

/** KUBEBUILDER_ASSETS replaces what is built, and has nothing for a node. */
const whyNotFromAssets = (level: ClusterLevel, env: NodeJS.ProcessEnv): readonly string[] => {
  if (level === "full") return ["KUBEBUILDER_ASSETS unset: its programs make a control plane, not a node"];
  return missingDistribution(["openssl"], env).map((name) => `apt-get install ${programs[name].debian}`);
};

/** All that stands against this level on this machine; empty when nothing does. */
export const whyUnavailable = async (
  level: ClusterLevel,
  folders: ClusterFolders,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> => {
  if (process.platform !== "linux") return ["Linux"];
  if (env["KUBEBUILDER_ASSETS"] !== undefined) return whyNotFromAssets(level, env);
  const full = level === "full";
  const missing = missingDistribution(
    full ? [...controlPlaneDistribution, ...nodeDistribution] : controlPlaneDistribution,
    env,
  );
  const built = full ? [...controlPlanePrograms, ...nodePrograms] : controlPlanePrograms;
  const build = await whyNotBuildable(folders.programs, built, env);
  const packages = [...new Set(missing.map((name) => programs[name].debian))];
  return [
    ...(full && process.getuid?.() !== 0 ? ["root, to run pods"] : []),
    ...(packages.length === 0 ? [] : [`apt-get install --no-install-recommends ${packages.join(" ")}`]),
    ...(build === undefined ? [] : [build]),
  ];
};

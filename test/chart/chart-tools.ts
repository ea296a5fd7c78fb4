import { clusterFolders } from "../../embedded/cluster/folders.ts";
import { buildPrograms, whyNotBuildable } from "../../embedded/cluster/go-build.ts";

export type ChartTools = {
  readonly helm4: string;
  readonly helm3: string;
  readonly kubeconform: string;
  readonly kubectl: string;
};

const programs = ["helm", "helm3", "kubeconform", "kubectl"] as const;

/**
 * Paths of the programs that tests of the chart need, built once into the user's cache; why not, where that cannot be.
 *
 * @throws Error instead of the latter in CI, where a skipped test would look like a passed one
 */
export const chartTools = async (): Promise<ChartTools | { readonly missing: string }> => {
  const folder = clusterFolders(process.env).programs;
  const missing = await whyNotBuildable(folder, programs, process.env);
  if (missing !== undefined) {
    if (process.env["CI"] === "true") throw new Error(`tests of the chart need ${missing}`);
    process.stderr.write(`SKIPPED: tests of the chart need ${missing}\n`);
    return { missing };
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const { helm, ...others } = await buildPrograms(folder, programs, { env: process.env, say });
  return { helm4: helm, ...others };
};

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ClusterUnavailableError, whyUnavailable } from "./availability.ts";
import type { ClusterFolders } from "./folders.ts";
import { type BuildOptions, buildPrograms } from "./go-build.ts";
import { controlPlanePrograms } from "./pinned-programs.ts";
import { systemCommands } from "./system-commands.ts";

export type ControlPlanePrograms = {
  readonly etcd: string;
  readonly apiServer: string;
  /** Undefined where there is none: Deployments then stay without ReplicaSets. */
  readonly controllerManager: string | undefined;
  readonly kubectl: string;
};

/** KUBEBUILDER_ASSETS names a folder that has not what it should have. */
export class AssetsError extends Error {
  override readonly name = "AssetsError";
}

/** KUBEBUILDER_ASSETS is a folder of etcd, kube-apiserver and kubectl; a controller manager is not among them. */
const assetsIn = (folder: string): ControlPlanePrograms => {
  const names = ["etcd", "kube-apiserver", "kubectl"];
  const absent = names.filter((name) => !existsSync(join(folder, name)));
  if (absent.length > 0) throw new AssetsError(`KUBEBUILDER_ASSETS: ${folder} holds no ${absent.join(", ")}`);
  const [etcd = "", apiServer = "", kubectl = ""] = names.map((name) => join(folder, name));
  return { etcd, apiServer, kubectl, controllerManager: undefined };
};

/** Those of KUBEBUILDER_ASSETS, else etcd of the distribution and the rest built from source. */
export const findControlPlanePrograms = async (
  folders: ClusterFolders,
  options: BuildOptions,
): Promise<ControlPlanePrograms> => {
  const assets = options.env["KUBEBUILDER_ASSETS"];
  if (assets !== undefined) return assetsIn(assets);
  const missing = await whyUnavailable("control-plane", folders, options.env);
  if (missing.length > 0) throw new ClusterUnavailableError("control-plane", missing);
  const built = await buildPrograms(folders.programs, controlPlanePrograms, options);
  return {
    etcd: systemCommands(options.env).path("etcd"),
    apiServer: built["kube-apiserver"],
    controllerManager: built["kube-controller-manager"],
    kubectl: built.kubectl,
  };
};

import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clusterAccess } from "../../../src/kubernetes/cluster-access.ts";
import { createClusterClient } from "../../../src/kubernetes/cluster-client.ts";
import { createListWatch } from "../../../src/kubernetes/list-watch.ts";
import { pods } from "./kinds.ts";

export type PodTargets = {
  /** For Prometheus' file_sd. */
  readonly directory: string;
  stop(): Promise<void>;
};

type AnnotatedPod = {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly podIP?: string; readonly phase?: string };
};
type Target = { readonly targets: readonly string[]; readonly labels: Readonly<Record<string, string>> };

const targetOf = ({ metadata, status }: AnnotatedPod): Target | undefined => {
  const { "prometheus.io/scrape": scrape, "prometheus.io/port": port = "" } = metadata.annotations ?? {};
  if (scrape !== "true" || status?.podIP === undefined || status.phase !== "Running") return undefined;
  const { name, namespace = "" } = metadata;
  return { targets: [`${status.podIP}:${port}`], labels: { pod: name, namespace } };
};

/** The cluster's annotated pods as targets, kept up to date: the distribution's Prometheus knows no Kubernetes. */
export const writePodTargets = async (kubeconfig: string, parent: string): Promise<PodTargets> => {
  const directory = join(parent, "pod-targets");
  await mkdir(directory);
  const client = createClusterClient(await clusterAccess({ kubeconfig, env: {} }));
  const watch = createListWatch({
    client,
    resource: pods,
    trim: (object) => targetOf(object as AnnotatedPod),
  });
  let writing = Promise.resolve();
  const write = async (): Promise<void> => {
    await writeFile(join(directory, "pods.json.new"), JSON.stringify([...watch.items.values()]));
    await rename(join(directory, "pods.json.new"), join(directory, "pods.json"));
  };
  watch.onChange(() => {
    writing = writing.then(write);
  });
  await watch.start();
  return {
    directory,
    async stop() {
      await watch.stop();
      await writing;
      client.close();
    },
  };
};

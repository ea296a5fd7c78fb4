import { clusterAccess } from "../kubernetes/cluster-access.ts";
import { createClusterClient } from "../kubernetes/cluster-client.ts";
import { ClusterAccessError, KubernetesError } from "../kubernetes/errors.ts";
import { autoscalerNames, type StoredAutoscaler, storedAutoscaler } from "../kubernetes/stored-autoscaler.ts";
import { type Explanation, listed } from "./explanation-output.ts";

export type ClusterQuestion = {
  readonly namespace: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Reads the object and its status from the API server; the right to get WorkerAutoscalers is enough. */
export async function readCluster(name: string, question: ClusterQuestion): Promise<Explanation> {
  const { kubeconfig, context, env } = question;
  try {
    const access = await clusterAccess({
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
      env,
    });
    const client = createClusterClient(access, { userAgent: "millrace-explain" });
    const [first = "", second] = name.split("/");
    const namespace = second === undefined ? (question.namespace ?? client.namespace) : first;
    const found = await storedAutoscaler(client, { namespace, name: second ?? first });
    if (found !== undefined) return explained(found);
    const names = await autoscalerNames(client, namespace);
    const nowhere = `No WorkerAutoscaler is named ${second ?? first} in namespace ${namespace}.`;
    return { kind: "unknown", lines: [nowhere, ...listed(names)] };
  } catch (cause) {
    if (cause instanceof ClusterAccessError || cause instanceof KubernetesError)
      return { kind: "nobody", lines: [`The cluster cannot be read: ${cause.message}`] };
    throw cause;
  }
}

function explained(found: StoredAutoscaler): Explanation {
  if (found.kind === "unreadable") {
    const { key, because, object } = found;
    return { kind: "unreadable", lines: [key, "", "It cannot be read:", `  ${because}`], object };
  }
  const { resource, status } = found;
  return { kind: "explained", view: { ...resource, status } };
}

import type { ClusterClient } from "../../../src/kubernetes/cluster-client.ts";
import { deployments, podTemplate } from "../fleet-harness.ts";
import { resourceOf } from "../custom-kinds.ts";
import { rollout } from "./rbac-stage.ts";

const apps = (plural: string) => ({ group: "apps", version: "v1", plural });

/** Every kind of target that the chart's role covers. */
export const targetKinds = {
  Deployment: { apiVersion: "apps/v1", resource: deployments },
  StatefulSet: { apiVersion: "apps/v1", resource: apps("statefulsets") },
  ReplicaSet: { apiVersion: "apps/v1", resource: apps("replicasets") },
  Rollout: { apiVersion: `${rollout.group}/${rollout.version}`, resource: resourceOf(rollout) },
} as const;

export type TargetKind = keyof typeof targetKinds;

export const scaleTargetRef = (kind: TargetKind, name: string) => ({
  apiVersion: targetKinds[kind].apiVersion,
  kind,
  name,
});

/** A target without replicas. */
export const createTarget = async (
  client: ClusterClient,
  namespace: string,
  { kind, name }: { readonly kind: TargetKind; readonly name: string },
): Promise<void> => {
  const { apiVersion, resource } = targetKinds[kind];
  const labels = { app: name };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template: podTemplate(labels, 0) };
  await client.create({ resource, namespace }, { apiVersion, kind, metadata: { name }, spec });
};

export const replicasOf = async (
  client: ClusterClient,
  namespace: string,
  { kind, name }: { readonly kind: TargetKind; readonly name: string },
): Promise<number> => {
  const { resource } = targetKinds[kind];
  const { spec } = await client.get<{ spec: { replicas: number } }>({ resource, namespace, name });
  return spec.replicas;
};

const hpas = { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" };
const scaledObjects = { group: "keda.sh", version: "v1alpha1", plural: "scaledobjects" };

/** An HPA of a Deployment. */
export const createHpa = (client: ClusterClient, namespace: string, deployment: string): Promise<unknown> =>
  client.create(
    { resource: hpas, namespace },
    {
      metadata: { name: deployment },
      spec: {
        scaleTargetRef: scaleTargetRef("Deployment", deployment),
        minReplicas: 1,
        maxReplicas: 3,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
          },
        ],
      },
    },
  );

/** A ScaledObject of a Deployment, without a KEDA that looks at it. */
export const createScaledObject = (
  client: ClusterClient,
  namespace: string,
  deployment: string,
): Promise<unknown> =>
  client.create(
    { resource: scaledObjects, namespace },
    {
      apiVersion: "keda.sh/v1alpha1",
      kind: "ScaledObject",
      metadata: { name: deployment },
      spec: {
        scaleTargetRef: { name: deployment },
        triggers: [{ type: "rabbitmq", metadata: { queueName: "jobs", mode: "QueueLength", value: "5" } }],
      },
    },
  );

import { controllerOf, type KubernetesObject } from "./kubernetes-object.ts";

type Scaled = KubernetesObject & {
  readonly spec?: {
    readonly replicas?: number;
    readonly podManagementPolicy?: string;
    readonly updateStrategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly partition?: number };
    };
    readonly template?: { readonly spec?: { readonly terminationGracePeriodSeconds?: number } };
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
  };
};
type Condition = { readonly type: string; readonly status: string; readonly message?: string };

export type WatchedDeployment = {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly desired: number;
  readonly graceSeconds: number | undefined;
};

export const deploymentsResource = { group: "apps", version: "v1", plural: "deployments" };

export const trimDeployment = (object: KubernetesObject): WatchedDeployment => {
  const { metadata, spec } = object as Scaled;
  return {
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    desired: spec?.replicas ?? 1,
    graceSeconds: spec?.template?.spec?.terminationGracePeriodSeconds,
  };
};

export type WatchedReplicaSet = WatchedDeployment & {
  /** The Deployment, or a custom kind such as a Rollout. */
  readonly controller: string | undefined;
  /** Why it cannot create pods: quota or admission. */
  readonly refused: string | undefined;
};

export const replicaSetsResource = { group: "apps", version: "v1", plural: "replicasets" };

export const trimReplicaSet = (object: KubernetesObject): WatchedReplicaSet => {
  const failure = (object as Scaled).status?.conditions?.find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  return {
    ...trimDeployment(object),
    controller: controllerOf(object)?.uid,
    refused: failure === undefined ? undefined : (failure.message ?? "pods cannot be created"),
  };
};

export type WatchedStatefulSet = WatchedDeployment & {
  readonly isUpdating: boolean;
  readonly createsInOrder: boolean;
};

export const statefulSetsResource = { group: "apps", version: "v1", plural: "statefulsets" };

export const trimStatefulSet = (object: KubernetesObject): WatchedStatefulSet => ({
  ...trimDeployment(object),
  createsInOrder: (object as Scaled).spec?.podManagementPolicy !== "Parallel",
  isUpdating: isUpdating(object),
});

/**
 * Whether pods are being replaced. The two revisions differ for as long as some pod may keep the old one, so with OnDelete
 * or a partition for good: nobody replaces those below the partition, and with OnDelete none.
 */
const isUpdating = ({ spec, status = {} }: Scaled): boolean => {
  const { currentRevision, updateRevision } = status;
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  if (currentRevision === updateRevision || type === "OnDelete") return false;
  const partition = rollingUpdate?.partition ?? 0;
  return partition === 0 || isUpdatingFrom(partition, status);
};

const isUpdatingFrom = (
  partition: number,
  { replicas = 0, updatedReplicas = 0 }: NonNullable<Scaled["status"]>,
): boolean => updatedReplicas < replicas - partition;

import type { ApiResource } from "../../../src/kubernetes/api-path.ts";

const apps = { group: "apps", version: "v1" } as const;
const core = { group: "", version: "v1" } as const;

export const deployments: ApiResource = { ...apps, plural: "deployments" };
export const statefulSets: ApiResource = { ...apps, plural: "statefulsets" };
export const replicaSets: ApiResource = { ...apps, plural: "replicasets" };
export const pods: ApiResource = { ...core, plural: "pods" };
export const namespaces: ApiResource = { ...core, plural: "namespaces" };
export const secrets: ApiResource = { ...core, plural: "secrets" };
export const configMaps: ApiResource = { ...core, plural: "configmaps" };
export const events: ApiResource = { group: "events.k8s.io", version: "v1", plural: "events" };
export const customResourceDefinitions: ApiResource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
};
export const leases: ApiResource = { group: "coordination.k8s.io", version: "v1", plural: "leases" };
export const horizontalPodAutoscalers: ApiResource = {
  group: "autoscaling",
  version: "v2",
  plural: "horizontalpodautoscalers",
};
export const autoscalers: ApiResource = {
  group: "millrace.dev",
  version: "v1alpha1",
  plural: "workerautoscalers",
};
/** A kind of somebody else's with a scale subresource. */
export const rollouts: ApiResource = { group: "proofs.millrace.dev", version: "v1", plural: "rollouts" };

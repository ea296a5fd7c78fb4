import { type Controller, controllerOf, type KubernetesObject, timeMs } from "./kubernetes-object.ts";

/** What is kept of a pod. Finished pods (Succeeded, Failed) are not kept. */
export type WatchedPod = {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Only those that somebody reads before a scale-in or a consolidation. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly controller: Controller | undefined;
  readonly createdAtMs: number;
  readonly scheduledAtMs: number | undefined;
  /** When its Ready condition became true; undefined while it is not. */
  readonly readyAtMs: number | undefined;
  readonly isDeleting: boolean;
  /** Of all its containers. */
  readonly restarts: number;
  /** Why no node was found, in the scheduler's words. */
  readonly unschedulable: string | undefined;
  /** Why a container waits, where that is not the usual start. */
  readonly waiting: { readonly reason?: string; readonly message?: string } | undefined;
  readonly addresses: readonly string[];
  readonly graceSeconds: number | undefined;
};

export const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
/** Our value of the deletion cost, written beside it: the cost is ours only while both are equal. */
export const OUR_COST = "millrace.dev/pod-deletion-cost";
/** Keeps Karpenter from consolidating the pod's node. */
export const DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt";
/** Keeps the cluster autoscaler from it. */
export const SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/** The two above are ours to take away. */
export const OUR_PROTECTION = "millrace.dev/protected";

const keptAnnotations = [DELETION_COST, OUR_COST, DO_NOT_DISRUPT, SAFE_TO_EVICT, OUR_PROTECTION];

type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
};
type ContainerStatus = {
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
};
type Pod = KubernetesObject & {
  readonly spec?: { readonly terminationGracePeriodSeconds?: number };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly podIPs?: readonly { readonly ip: string }[];
  };
};

export const podsResource = { group: "", version: "v1", plural: "pods" };
/** The API server leaves them out of the list and of the watch. */
export const unfinishedPods = "status.phase!=Succeeded,status.phase!=Failed";

const usualWaits: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);

export const trimPod = (object: KubernetesObject): WatchedPod | undefined => {
  const { metadata, spec, status = {} } = object as Pod;
  if (status.phase === "Succeeded" || status.phase === "Failed") return undefined;
  const { name, namespace = "", uid = "", resourceVersion = "", labels = {} } = metadata;
  return {
    name,
    namespace,
    uid,
    resourceVersion,
    labels,
    annotations: only(metadata.annotations, keptAnnotations),
    controller: controllerOf(object),
    createdAtMs: timeMs(metadata.creationTimestamp) ?? 0,
    isDeleting: metadata.deletionTimestamp !== undefined,
    ...conditionsOf(status),
    ...containersOf(status),
    addresses: (status.podIPs ?? []).map(({ ip }) => ip),
    graceSeconds: spec?.terminationGracePeriodSeconds,
  };
};

const conditionsOf = ({
  conditions = [],
}: NonNullable<Pod["status"]>): Pick<WatchedPod, "scheduledAtMs" | "readyAtMs" | "unschedulable"> => {
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  return {
    scheduledAtMs: trueSinceMs(scheduled),
    readyAtMs: trueSinceMs(conditions.find(({ type }) => type === "Ready")),
    unschedulable: scheduled?.reason === "Unschedulable" ? (scheduled.message ?? "no node fits") : undefined,
  };
};

const containersOf = ({
  initContainerStatuses = [],
  containerStatuses = [],
}: NonNullable<Pod["status"]>): Pick<WatchedPod, "restarts" | "waiting"> => {
  const containers = [...initContainerStatuses, ...containerStatuses];
  return {
    restarts: containers.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
    waiting: containers
      .map(({ state }) => state?.waiting)
      .find((wait) => wait?.reason !== undefined && !usualWaits.has(wait.reason)),
  };
};

const trueSinceMs = (condition: Condition | undefined): number | undefined =>
  condition?.status === "True" ? timeMs(condition.lastTransitionTime) : undefined;

const only = (
  annotations: Readonly<Record<string, string>> | undefined,
  names: readonly string[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = annotations?.[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

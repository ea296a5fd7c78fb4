import { controllerOf, type KubernetesObject } from "./kubernetes-object.ts";

/** Something else that sets the count of a target. */
export type WatchedScaler = {
  readonly name: string;
  readonly namespace: string;
  /** `namespace/group/kind/name` of what it scales. */
  readonly scales: string;
  /** A ScaledObject that KEDA was told to leave alone. */
  readonly isPaused: boolean;
  /** The ScaledObject for which KEDA made this HPA. */
  readonly madeBy?: string;
};

type ScaleTargetRef = { readonly apiVersion?: string; readonly kind?: string; readonly name?: string };
type Scaler = KubernetesObject & { readonly spec?: { readonly scaleTargetRef?: ScaleTargetRef } };

export const hpasResource = { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" };
export const scaledObjectsResource = { group: "keda.sh", version: "v1alpha1", plural: "scaledobjects" };

/** The version of a kind does not matter: `apps/v1` and `apps/v1beta2` name the same object. */
export const scaledKey = (
  namespace: string,
  { apiVersion = "apps/v1", kind = "Deployment", name = "" }: ScaleTargetRef,
): string => {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return `${namespace}/${group}/${kind}/${name}`;
};

export const trimHpa = (object: KubernetesObject): WatchedScaler => {
  const controller = controllerOf(object);
  return {
    ...scaler(object),
    isPaused: false,
    ...(controller?.kind === "ScaledObject" ? { madeBy: controller.name } : {}),
  };
};

export const trimScaledObject = (object: KubernetesObject): WatchedScaler => {
  const { annotations = {} } = object.metadata;
  const paused = annotations["autoscaling.keda.sh/paused"];
  return {
    ...scaler(object),
    // As KEDA reads it: anything but a clear no is a yes.
    isPaused:
      annotations["autoscaling.keda.sh/paused-replicas"] !== undefined ||
      (paused !== undefined && !["0", "f", "F", "false", "FALSE", "False"].includes(paused)),
  };
};

const scaler = (object: KubernetesObject) => {
  const { metadata, spec } = object as Scaler;
  const namespace = metadata.namespace ?? "";
  return { name: metadata.name, namespace, scales: scaledKey(namespace, spec?.scaleTargetRef ?? {}) };
};

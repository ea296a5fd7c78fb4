import type { WatchedPod } from "./watched-pod.ts";

/** A target and its pods, whatever its kind. */
export type Workload = {
  /** `spec.replicas` of its scale. */
  readonly desired: number;
  /** Of the object as it was read, to tell whether it has our last change already. */
  readonly resourceVersion: string;
  readonly pods: readonly WatchedPod[];
  readonly graceSeconds: number | undefined;
  /** Old and new revisions side by side, or the new one waits until the old one is gone. */
  readonly isRollingOut: boolean;
  /** Its pods belong to one ReplicaSet, which removes those of the lowest deletion cost first. */
  readonly choosesByCost: boolean;
  /** Each pod is created when the one before is ready (an ordered StatefulSet). */
  readonly createsInOrder: boolean;
  /** Pods are created when those that end are gone: a Deployment that recreates its pods, a StatefulSet. */
  readonly createsAfterDraining: boolean;
  /** Why pods that are asked for are not created. */
  readonly refused: string | undefined;
};

/** The same or a later version of one object; versions of one object grow (KEP-5504), and are compared by length first. */
export const isAtLeast = (version: string, wanted: string): boolean =>
  version.length === wanted.length ? version >= wanted : version.length > wanted.length;

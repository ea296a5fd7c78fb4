import { type TargetRef, targetKey } from "../operator/ports.ts";
import type { ApiResource } from "./api-path.ts";
import { ChangeIndex } from "./change-index.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { type CacheState, KindCache, type KindCacheOptions } from "./kind-cache.ts";
import type { Change } from "./list-watch.ts";
import { readScale, type Scale } from "./scale.ts";
import { type ScaleResource, ScaleResources } from "./scale-resources.ts";
import { selectorOf } from "./label-selector.ts";
import { podsResource, trimPod, unfinishedPods, type WatchedPod } from "./watched-pod.ts";
import {
  deploymentsResource,
  replicaSetsResource,
  statefulSetsResource,
  trimDeployment,
  trimReplicaSet,
  trimStatefulSet,
  type WatchedDeployment,
  type WatchedReplicaSet,
  type WatchedStatefulSet,
} from "./watched-workloads.ts";
import type { Workload } from "./workload.ts";

export type WorkloadRead =
  | { readonly kind: "read"; readonly workload: Workload }
  | { readonly kind: "unknown"; readonly because: string };

type FromReplicaSets = Omit<Workload, "desired" | "resourceVersion" | "graceSeconds">;

export type WorkloadReaderOptions = KindCacheOptions & {
  readonly client: ClusterClient;
  /** What the caches say is not acted on when they lost contact longer ago than this. */
  readonly staleAfterMs: number;
  readonly nowMs: () => number;
};

/** The scale of a custom kind is asked for at most this often; its pods are watched. */
const scaleReadEveryMs = 1_000;
/** Targets of custom kinds whose scale is remembered. */
const maxScales = 10_000;

/** Targets with their pods: Deployments, ReplicaSets and StatefulSets from watches, other kinds by their scale. */
export class WorkloadReader {
  readonly caches: readonly CacheState[];
  readonly #options: WorkloadReaderOptions;
  readonly #resources: ScaleResources;
  readonly #pods: KindCache<WatchedPod>;
  readonly #deployments: KindCache<WatchedDeployment>;
  readonly #replicaSets: KindCache<WatchedReplicaSet>;
  readonly #statefulSets: KindCache<WatchedStatefulSet>;
  readonly #podsByController = new ChangeIndex<WatchedPod>(({ controller }) => controller?.uid);
  readonly #podsByNamespace = new ChangeIndex<WatchedPod>(({ namespace }) => namespace);
  readonly #replicaSetsByController = new ChangeIndex<WatchedReplicaSet>(({ controller }) => controller);
  readonly #scales = new Map<string, { readonly scale: Scale; readonly readAtMs: number }>();

  constructor(options: WorkloadReaderOptions) {
    this.#options = options;
    this.#resources = new ScaleResources(options.client, options.nowMs);
    this.#pods = new KindCache(
      { resource: podsResource, trim: trimPod, fieldSelector: unfinishedPods },
      options,
    );
    this.#pods.onChange((change) => {
      this.#podsByController.apply(change);
      this.#podsByNamespace.apply(change);
    });
    this.#deployments = new KindCache({ resource: deploymentsResource, trim: trimDeployment }, options);
    this.#replicaSets = new KindCache({ resource: replicaSetsResource, trim: trimReplicaSet }, options);
    this.#replicaSets.onChange((change) => this.#replicaSetsByController.apply(change));
    this.#statefulSets = new KindCache({ resource: statefulSetsResource, trim: trimStatefulSet }, options);
    this.caches = [this.#pods, this.#deployments, this.#replicaSets, this.#statefulSets];
  }

  /** Pods as they come, change and go. */
  onPod(listener: (change: Change<WatchedPod>) => void): void {
    this.#pods.onChange(listener);
  }

  pod(namespace: string, name: string): WatchedPod | undefined {
    return this.#pods.get(namespace, name);
  }

  /** Rejects with a KubernetesError when the API server cannot be asked about a custom kind. */
  async read(target: TargetRef, signal: AbortSignal): Promise<WorkloadRead> {
    const found = await this.#resources.find(target, signal);
    if (found.kind === "missing") return { kind: "unknown", because: found.because };
    const { resource } = found;
    const stale = await this.#staleBecause(resource, target.namespace, signal);
    if (stale !== undefined) return { kind: "unknown", because: stale };
    const workload = await this.#workload(target, resource, signal);
    return typeof workload === "string" ? { kind: "unknown", because: workload } : { kind: "read", workload };
  }

  resource(target: TargetRef, signal: AbortSignal): Promise<ScaleResource> {
    return this.#resources.find(target, signal);
  }

  /** The scale that a change of ours was answered with. */
  noteScale(target: TargetRef, scale: Scale): void {
    if (this.#scales.has(targetKey(target)))
      this.#scales.set(targetKey(target), { scale, readAtMs: this.#options.nowMs() });
  }

  async #staleBecause(
    resource: ApiResource,
    namespace: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const needed = [this.#pods, ...this.#cachesOf(resource)];
    for (const cache of needed) {
      try {
        await cache.listed(namespace, signal);
      } catch (error) {
        return `The target's ${cache.resource.plural} are not known: ${textOf(error)}`;
      }
      const stale = cache.staleBecause(namespace, this.#options.staleAfterMs);
      if (stale !== undefined) return `The target's ${cache.resource.plural} are not known: ${stale}`;
    }
    return undefined;
  }

  #cachesOf(resource: ApiResource): readonly CacheState[] {
    if (resource === deploymentsResource) return [this.#deployments, this.#replicaSets];
    return [resource === statefulSetsResource ? this.#statefulSets : this.#replicaSets];
  }

  async #workload(target: TargetRef, resource: ApiResource, signal: AbortSignal): Promise<Workload | string> {
    const { namespace, name } = target;
    const missing = `${target.kind} ${namespace}/${name} does not exist: create it, or correct scaleTargetRef.`;
    if (resource === deploymentsResource) {
      const deployment = this.#deployments.get(namespace, name);
      return deployment === undefined
        ? missing
        : {
            ...deployment,
            ...this.#fromReplicaSets(this.#replicaSetsByController.with(deployment.uid), deployment.desired),
          };
    }
    if (resource === replicaSetsResource) {
      const replicaSet = this.#replicaSets.get(namespace, name);
      return replicaSet === undefined
        ? missing
        : { ...replicaSet, ...this.#fromReplicaSets([replicaSet], replicaSet.desired) };
    }
    if (resource === statefulSetsResource) {
      const statefulSet = this.#statefulSets.get(namespace, name);
      return statefulSet === undefined
        ? missing
        : {
            ...statefulSet,
            pods: this.#podsByController.with(statefulSet.uid),
            isRollingOut: statefulSet.isUpdating && statefulSet.desired > 0,
            choosesByCost: false,
            createsAfterDraining: true,
            refused: undefined,
          };
    }
    const scale = await this.#scaleOf(target, resource, signal);
    return scale === undefined ? missing : this.#fromScale(target, scale);
  }

  #fromReplicaSets(replicaSets: readonly WatchedReplicaSet[], desired: number): FromReplicaSets {
    const owned = replicaSets.map((replicaSet) => ({
      ...replicaSet,
      pods: this.#podsByController.with(replicaSet.uid),
    }));
    const living = owned.filter(
      (replicaSet) => replicaSet.desired > 0 || replicaSet.pods.some(({ isDeleting }) => !isDeleting),
    );
    const refused = living.find((replicaSet) => replicaSet.refused !== undefined)?.refused;
    const pods = owned.flatMap((replicaSet) => replicaSet.pods);
    // No new ReplicaSet gets a count before the pods of the old one are gone.
    const isRecreating = desired > 0 && living.length === 0 && pods.length > 0;
    return {
      pods,
      isRollingOut: living.length > 1 || isRecreating,
      choosesByCost: living.length === 1,
      createsInOrder: false,
      createsAfterDraining: isRecreating,
      refused,
    };
  }

  #fromScale(target: TargetRef, scale: Scale): Workload | string {
    const { uid, resourceVersion } = scale.metadata;
    const common = { desired: scale.spec?.replicas ?? 0, resourceVersion };
    const replicaSets = this.#replicaSetsByController.with(uid);
    if (replicaSets.length > 0) {
      const parts = this.#fromReplicaSets(replicaSets, common.desired);
      return { ...common, graceSeconds: longestGrace(parts.pods), ...parts };
    }
    const pods = this.#podsOf(target.namespace, scale);
    if (pods === undefined)
      return `The scale of ${target.kind} ${target.namespace}/${target.name} names no selector, so its pods cannot be found: add labelSelectorPath to its custom resource definition.`;
    const unknowns = {
      isRollingOut: false,
      choosesByCost: false,
      createsInOrder: false,
      createsAfterDraining: false,
      refused: undefined,
    };
    return { ...common, ...unknowns, graceSeconds: longestGrace(pods), pods };
  }

  /** Its own, else those that its selector matches; undefined: there are some, and they cannot be found. */
  #podsOf(namespace: string, { metadata, status }: Scale): readonly WatchedPod[] | undefined {
    const own = this.#podsByController.with(metadata.uid);
    if (own.length > 0) return own;
    const selects = selectorOf(status?.selector ?? "");
    if (selects !== undefined)
      return this.#podsByNamespace.with(namespace).filter(({ labels }) => selects(labels));
    return (status?.replicas ?? 0) === 0 ? [] : undefined;
  }

  async #scaleOf(target: TargetRef, resource: ApiResource, signal: AbortSignal): Promise<Scale | undefined> {
    const key = targetKey(target);
    const known = this.#scales.get(key);
    const nowMs = this.#options.nowMs();
    if (known !== undefined && nowMs - known.readAtMs < scaleReadEveryMs) return known.scale;
    const scale = await readScale(this.#options.client, { target, resource }, signal);
    const [oldest] = this.#scales.keys();
    if (this.#scales.size >= maxScales && oldest !== undefined) this.#scales.delete(oldest);
    if (scale === undefined) this.#scales.delete(key);
    else this.#scales.set(key, { scale, readAtMs: nowMs });
    return scale;
  }
}

const longestGrace = (pods: readonly WatchedPod[]): number | undefined => {
  const known = pods.flatMap(({ graceSeconds }) => graceSeconds ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
};

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

import type { FleetObservation, TargetRef } from "../operator/ports.ts";
import { ChangeIndex } from "./change-index.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { hasCode } from "./errors.ts";
import { type CacheState, KindCache, type KindCacheOptions } from "./kind-cache.ts";
import {
  hpasResource,
  scaledKey,
  scaledObjectsResource,
  trimHpa,
  trimScaledObject,
  type WatchedScaler,
} from "./watched-scalers.ts";

type Owner = NonNullable<Extract<FleetObservation, { kind: "observed" }>["owner"]>;

export type OwnerRead =
  | { readonly kind: "none" }
  | { readonly kind: "owned"; readonly owner: Owner }
  | { readonly kind: "unknown"; readonly because: string };

export type OtherScalersOptions = KindCacheOptions & {
  readonly client: ClusterClient;
  readonly staleAfterMs: number;
  readonly nowMs: () => number;
};

/** KEDA may be installed later, or taken away. */
const askAgainAfterMs = 60_000;
const askAgainWhenLostMs = 10_000;

/** HorizontalPodAutoscalers and, where KEDA is installed, ScaledObjects: whoever else sets a target's count. */
export class OtherScalers {
  readonly caches: readonly CacheState[];
  readonly #options: OtherScalersOptions;
  readonly #hpas: KindCache<WatchedScaler>;
  readonly #hpasByTarget = new ChangeIndex<WatchedScaler>(({ scales }) => scales);
  readonly #scaledObjects: KindCache<WatchedScaler>;
  readonly #scaledObjectsByTarget = new ChangeIndex<WatchedScaler>(({ scales }) => scales);
  #keda: { readonly isInstalled: boolean; readonly askedAtMs: number } | undefined;
  #asking: Promise<boolean> | undefined;

  constructor(options: OtherScalersOptions) {
    this.#options = options;
    this.#hpas = new KindCache({ resource: hpasResource, trim: trimHpa }, options);
    this.#hpas.onChange((change) => this.#hpasByTarget.apply(change));
    this.#scaledObjects = new KindCache({ resource: scaledObjectsResource, trim: trimScaledObject }, options);
    this.#scaledObjects.onChange((change) => this.#scaledObjectsByTarget.apply(change));
    this.caches = [this.#hpas, this.#scaledObjects];
  }

  async ownerOf(target: TargetRef, signal: AbortSignal): Promise<OwnerRead> {
    const { namespace } = target;
    try {
      const caches = [this.#hpas, ...((await this.#hasKeda(namespace, signal)) ? [this.#scaledObjects] : [])];
      for (const cache of caches) {
        await cache.listed(namespace, signal);
        const stale = cache.staleBecause(namespace, this.#options.staleAfterMs);
        if (stale !== undefined) throw new Error(stale);
      }
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return { kind: "unknown", because: `Whether something else scales the target is not known: ${said}` };
    }
    return this.#owner(scaledKey(namespace, target));
  }

  #owner(target: string): OwnerRead {
    const scaledObjects = this.#scaledObjectsByTarget.with(target);
    const active = scaledObjects.find(({ isPaused }) => !isPaused);
    if (active !== undefined) return { kind: "owned", owner: scaledObjectOwner(active) };
    const [hpa] = this.#hpasByTarget.with(target);
    return hpa === undefined ? { kind: "none" } : { kind: "owned", owner: hpaOwner(hpa) };
  }

  async #hasKeda(namespace: string, signal: AbortSignal): Promise<boolean> {
    const { nowMs, staleAfterMs } = this.#options;
    const isLost =
      this.#keda?.isInstalled === true &&
      this.#scaledObjects.staleBecause(namespace, staleAfterMs) !== undefined;
    const validMs =
      this.#keda?.isInstalled === true && !isLost
        ? Number.POSITIVE_INFINITY
        : isLost
          ? askAgainWhenLostMs
          : askAgainAfterMs;
    if (this.#keda !== undefined && nowMs() - this.#keda.askedAtMs < validMs) return this.#keda.isInstalled;
    this.#asking ??= this.#askForKeda(signal).finally(() => {
      this.#asking = undefined;
    });
    const isInstalled = await this.#asking;
    if (!isInstalled) await this.#scaledObjects.stop();
    this.#keda = { isInstalled, askedAtMs: nowMs() };
    return isInstalled;
  }

  async #askForKeda(signal: AbortSignal): Promise<boolean> {
    const { group, version, plural } = scaledObjectsResource;
    try {
      const { resources } = await this.#options.client.getPath<{ resources: readonly { name: string }[] }>(
        `/apis/${group}/${version}`,
        { signal },
      );
      return resources.some(({ name }) => name === plural);
    } catch (error) {
      if (hasCode(error, "not-served") || hasCode(error, "not-found")) return false;
      throw error;
    }
  }
}

const scaledObjectOwner = ({ namespace, name }: WatchedScaler): Owner => ({
  kind: "ScaledObject",
  name,
  remedy: `KEDA's ScaledObject ${name} scales this target; pause it with kubectl -n ${namespace} annotate scaledobject ${name} autoscaling.keda.sh/paused=true, or set mode: DryRun here to compare.`,
});

const hpaOwner = ({ namespace, name, madeBy }: WatchedScaler): Owner => ({
  kind: "HorizontalPodAutoscaler",
  name,
  remedy:
    madeBy === undefined
      ? `The HorizontalPodAutoscaler ${name} scales this target; delete it with kubectl -n ${namespace} delete hpa ${name}, or set mode: DryRun here to compare.`
      : `KEDA has not yet removed the HorizontalPodAutoscaler ${name} of its paused ScaledObject ${madeBy}; if it stays, see whether KEDA's operator runs, or kubectl -n ${namespace} delete hpa ${name}.`,
});

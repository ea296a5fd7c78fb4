import type { ApiResource } from "./api-path.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import type { Change, ListWatch, ListWatchOptions } from "./list-watch.ts";
import { createListWatch } from "./list-watch.ts";
import type { KubernetesError } from "./errors.ts";

export type WatchedKind<T> = {
  readonly resource: ApiResource;
  readonly fieldSelector?: string;
  readonly trim: (object: KubernetesObject) => T | undefined;
};

export type KindCacheOptions = Pick<ListWatchOptions<never>, "client" | "timing" | "logger"> & {
  /** Those the role covers; absent: the whole cluster, with one watch for all. */
  readonly namespaces?: readonly string[];
  readonly onLost?: (resource: ApiResource, error: KubernetesError) => void;
};

const wholeCluster = "";

/** `lost`: it failed once; whoever waits for the first list need not wait for the deadline to learn why. */
type Begun<T> = {
  readonly watch: ListWatch<T>;
  readonly listed: Promise<void>;
  readonly lost: Promise<void>;
};

/** A KindCache without its objects. */
export type CacheState = Pick<
  KindCache<unknown>,
  "resource" | "listed" | "staleBecause" | "size" | "oldestMs" | "stop"
>;

/** All objects of one kind, watched from the first time that somebody asks for a namespace of them. */
export class KindCache<T> {
  readonly resource: ApiResource;
  readonly #kind: WatchedKind<T>;
  readonly #options: KindCacheOptions;
  readonly #listeners: ((change: Change<T>) => void)[] = [];
  readonly #watches = new Map<string, Begun<T>>();
  readonly #ready = new Set<string>();

  constructor(kind: WatchedKind<T>, options: KindCacheOptions) {
    this.resource = kind.resource;
    this.#kind = kind;
    this.#options = options;
  }

  /** Before the first question. */
  onChange(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener);
  }

  /** Resolves once the namespace has been listed; rejects with the watch's problem when that or the signal comes first. */
  async listed(namespace: string, signal: AbortSignal): Promise<void> {
    const scope = this.#scopeOf(namespace);
    if (this.#ready.has(scope)) return;
    const { watch, listed, lost } = this.#watches.get(scope) ?? this.#begin(scope);
    const problem = () => new Error(watch.problem ?? "not listed yet");
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(problem());
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort);
    });
    try {
      await Promise.race([listed, lost.then(() => Promise.reject(problem())), aborted]);
      this.#ready.add(scope);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  get(namespace: string, name: string): T | undefined {
    return this.#watches.get(this.#scopeOf(namespace))?.watch.items.get(`${namespace}/${name}`);
  }

  /** Why what it says of the namespace is too old to act on; undefined: it is not. */
  staleBecause(namespace: string, boundMs: number): string | undefined {
    const watch = this.#watches.get(this.#scopeOf(namespace))?.watch;
    const ageMs = watch?.ageMs();
    if (watch === undefined || ageMs === undefined) return watch?.problem ?? "not listed yet";
    if (watch.isForbidden) return watch.problem;
    if (ageMs <= boundMs) return undefined;
    const seconds = Math.round(ageMs / 1_000);
    return `they were last known ${seconds} s ago. ${watch.problem ?? ""}`.trim();
  }

  /** Objects held, over all namespaces. */
  get size(): number {
    return [...this.#watches.values()].reduce((sum, { watch }) => sum + watch.items.size, 0);
  }

  /** Of the namespace that is worst off; undefined: nothing is watched, or nothing listed yet. */
  get oldestMs(): number | undefined {
    const ages = [...this.#watches.values()].flatMap(({ watch }) => watch.ageMs() ?? []);
    return ages.length === 0 ? undefined : Math.max(...ages);
  }

  async stop(): Promise<void> {
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    this.#ready.clear();
    await Promise.all(watches.map(({ watch }) => watch.stop()));
  }

  #scopeOf(namespace: string): string {
    return this.#options.namespaces === undefined ? wholeCluster : namespace;
  }

  #begin(scope: string): Begun<T> {
    const { client, timing, logger, onLost } = this.#options;
    const { resource } = this.#kind;
    const lost = Promise.withResolvers<void>();
    const watch = createListWatch<T>({
      client,
      ...this.#kind,
      ...(scope === wholeCluster ? {} : { namespace: scope }),
      ...(timing === undefined ? {} : { timing }),
      ...(logger === undefined ? {} : { logger }),
      onLost(error) {
        lost.resolve();
        onLost?.(resource, error);
      },
    });
    watch.onChange((change) => {
      for (const listener of this.#listeners) listener(change);
    });
    const listed = watch.start();
    listed.catch(() => {}); // Those who wait for it are told; it may also be stopped while nobody does.
    const begun = { watch, listed, lost: lost.promise };
    this.#watches.set(scope, begun);
    return begun;
  }
}

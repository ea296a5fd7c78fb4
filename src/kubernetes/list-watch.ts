import type { Logger } from "../../kit/src/logger.ts";
import { silentLogger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { ApiResource } from "./api-path.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { KubernetesError, type KubernetesErrorCode, watchEventError } from "./errors.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { listAll } from "./list-all.ts";
import { ListWatchTiming, type ListWatchTimingOptions } from "./list-watch-timing.ts";

export type ListWatchOptions<T> = {
  readonly client: ClusterClient;
  readonly resource: ApiResource;
  /** One namespace; absent: the whole cluster. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What is kept of an object; undefined keeps nothing of it. */
  readonly trim: (object: KubernetesObject) => T | undefined;
  readonly timing?: ListWatchTimingOptions;
  readonly logger?: Logger;
  /** Told of every failure; a watch that the server ended in time is none. */
  readonly onLost?: (error: KubernetesError) => void;
};

export type Change<T> = {
  /** `namespace/name`. */
  readonly key: string;
  /** Absent: it is gone. */
  readonly now?: T;
  /** Absent: it is new. */
  readonly before?: T;
};

/** A copy of what the API server has of one resource type, kept up to date by a watch. */
export interface ListWatch<T> extends Service {
  /** Resolves after the first list; rejects when `stop()` comes first. An API server that is away is waited for. */
  start(): Promise<void>;
  /** By `namespace/name`. After lost contact: as it was. */
  readonly items: ReadonlyMap<string, T>;
  /** How long ago the copy was last known to be right; 0 while the watch is open; undefined before the first list. */
  ageMs(): number | undefined;
  /** Why contact is lost, as a sentence; undefined while the watch is open. */
  readonly problem: string | undefined;
  /** The role does not allow the list or the watch: what the copy holds was luck. */
  readonly isForbidden: boolean;
  /** Returns the function that ends it. */
  onChange(listener: (change: Change<T>) => void): () => void;
}

export const createListWatch = <T>(options: ListWatchOptions<T>): ListWatch<T> => new Reflection(options);

export const objectKey = ({ metadata }: KubernetesObject): string =>
  metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;

/** One that ends sooner is taken for a failure, so that a server that ends every watch is not asked in a loop. */
const shortestWatchMs = 1_000;
/** Failures before one that lived this long are forgotten. */
const stableWatchMs = 5_000;
const resumable: ReadonlySet<KubernetesErrorCode> = new Set(["unreachable", "timeout", "busy"]);

/**
 * new → listing → watching → (waiting → listing | watching)* → stopped.
 *
 * A watch that ends is resumed where it ended; after 410, an ERROR event or a sign of disorder everything is listed again,
 * and so it is every few minutes, so that nothing that was missed stays missed.
 */
class Reflection<T> implements ListWatch<T> {
  readonly #options: ListWatchOptions<T>;
  readonly #timing: ListWatchTiming;
  readonly #logger: Logger;
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #stopping = new AbortController();
  readonly #listed = Promise.withResolvers<void>();
  #items: Map<string, T> = new Map();
  #running: Promise<void> | undefined;
  #resourceVersion: string | undefined;
  #listDueAtMs = 0;
  #isWatching = false;
  #openedAtMs = 0;
  #rightAtMs: number | undefined;
  #problem: string | undefined = "not listed yet";
  #failures = 0;
  #isForbidden = false;

  constructor(options: ListWatchOptions<T>) {
    this.#options = options;
    this.#timing = new ListWatchTiming(options.timing);
    this.#logger = options.logger ?? silentLogger;
    // Whoever stops it before it was started is not told twice.
    this.#listed.promise.catch(() => {});
  }

  get items(): ReadonlyMap<string, T> {
    return this.#items;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get isForbidden(): boolean {
    return this.#isForbidden;
  }

  ageMs(): number | undefined {
    if (this.#rightAtMs === undefined) return undefined;
    return this.#isWatching ? 0 : Math.max(0, this.#timing.nowMs() - this.#rightAtMs);
  }

  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): Promise<void> {
    if (!this.#stopping.signal.aborted) this.#running ??= this.#run();
    return this.#listed.promise;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#listed.reject(new Error("stopped before the first list"));
    await this.#running;
    this.#listeners.clear();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined || this.#timing.nowMs() >= this.#listDueAtMs)
          await this.#list();
        await this.#watch();
      } catch (error) {
        if (signal.aborted) return;
        await this.#lost(error);
      }
    }
  }

  async #list(): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector, trim } = this.#options;
    const next = new Map<string, T>();
    const { signal } = this.#stopping;
    const path = { resource, ...(namespace === undefined ? {} : { namespace }) };
    this.#resourceVersion = await listAll(
      { client, path, labelSelector, fieldSelector, signal },
      (object) => {
        const kept = trim(object);
        if (kept !== undefined) next.set(objectKey(object), kept);
      },
    );
    const before = this.#items;
    this.#items = next;
    this.#listDueAtMs = this.#timing.nextListAtMs();
    this.#rightAtMs = this.#timing.nowMs();
    for (const key of before.keys()) if (!next.has(key)) this.#tell(key, before.get(key), undefined);
    for (const [key, now] of next) this.#tell(key, before.get(key), now);
    this.#listed.resolve();
  }

  async #watch(): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options;
    const path = { resource, ...(namespace === undefined ? {} : { namespace }) };
    const { signal } = this.#stopping;
    const events = client.watch(path, {
      signal,
      timeoutMs: this.#timing.silenceMs,
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: this.#resourceVersion,
        timeoutSeconds: this.#timing.watchSeconds(this.#listDueAtMs),
        labelSelector,
        fieldSelector,
      },
      onOpen: () => this.#opened(),
    });
    try {
      for await (const { type, object } of events) {
        if (type === "ERROR") throw watchEventError({ verb: "watch", path }, object);
        this.#take(type, object as KubernetesObject);
      }
    } finally {
      if (this.#isWatching) this.#ended();
    }
    if (this.#timing.nowMs() - this.#openedAtMs < shortestWatchMs)
      throw new KubernetesError(`The watch of ${resource.plural} was ended at once.`, { code: "busy" });
  }

  #ended(): void {
    this.#isWatching = false;
    this.#rightAtMs = this.#timing.nowMs();
    if (this.#rightAtMs - this.#openedAtMs >= stableWatchMs) this.#failures = 0;
  }

  #opened(): void {
    this.#isWatching = true;
    this.#openedAtMs = this.#timing.nowMs();
    if (this.#failures > 0)
      this.#logger.info({ resource: this.#options.resource.plural }, "watching a resource again");
    this.#problem = undefined;
    this.#isForbidden = false;
  }

  #take(type: string, object: KubernetesObject): void {
    this.#resourceVersion = object.metadata.resourceVersion;
    if (type === "BOOKMARK") return;
    const key = objectKey(object);
    const before = this.#items.get(key);
    const now = type === "DELETED" ? undefined : this.#options.trim(object);
    if (now === undefined) this.#items.delete(key);
    else this.#items.set(key, now);
    this.#tell(key, before, now);
  }

  #tell(key: string, before: T | undefined, now: T | undefined): void {
    if (before === undefined && now === undefined) return;
    const change = {
      key,
      ...(before === undefined ? {} : { before }),
      ...(now === undefined ? {} : { now }),
    };
    for (const listener of this.#listeners) listener(change);
  }

  /** Says so and waits. What the copy holds stays. */
  async #lost(cause: unknown): Promise<void> {
    const error =
      cause instanceof KubernetesError
        ? cause
        : new KubernetesError(`The watch of ${this.#options.resource.plural} failed: ${String(cause)}`, {
            code: "refused",
            cause,
          });
    // A connection that broke can be resumed; anything the server said about the watch itself cannot be trusted to be.
    if (!resumable.has(error.code)) this.#resourceVersion = undefined;
    this.#failures += 1;
    this.#options.onLost?.(error);
    this.#problem = error.message;
    this.#isForbidden = error.code === "forbidden";
    const waitMs = this.#timing.waitMs(this.#failures, error.retryAfterSeconds);
    const { plural: resource } = this.#options.resource;
    this.#logger[this.#failures === 1 ? "info" : "warn"](
      { resource, waitMs, because: error.message },
      "the watch of a resource was lost",
    );
    await this.#timing.wait(waitMs, this.#stopping.signal);
  }
}

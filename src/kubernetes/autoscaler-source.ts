import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { Claim } from "../operator/ports.ts";
import { parseResource } from "../resource/parse-resource.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { ClusterClient } from "./cluster-client.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { createListWatch, type ListWatch, objectKey } from "./list-watch.ts";
import type { ListWatchTimingOptions } from "./list-watch-timing.ts";
import { recordOf } from "./saved-status.ts";

export type AutoscalerSourceOptions = {
  readonly client: ClusterClient;
  /** Absent: all. */
  readonly namespaces?: readonly string[];
  /** All that can be used, and the claims of the others, after any was created, edited or deleted; not after a mere write of a status. */
  readonly onChange: (autoscalers: readonly WorkerAutoscaler[], claims: readonly Claim[]) => void;
  readonly logger: Logger;
  readonly timing?: ListWatchTimingOptions;
};

/** An object that cannot be read as a WorkerAutoscaler, for example one of a newer version. */
export type RejectedAutoscaler = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** A sentence that names each problem. */
  readonly because: string;
  /** Absent where it names no target, or would only watch it. */
  readonly claim?: Claim;
};

export interface AutoscalerSource extends Service {
  /** Resolves after the first list, or after ten seconds without one: then they come when they come. */
  start(): Promise<void>;
  readonly rejected: readonly RejectedAutoscaler[];
  /** `status` as the cluster has it; `key` is `namespace/name`. */
  storedStatus(key: string): unknown;
  /** Why the copy may be out of date, as a sentence. */
  readonly problem: string | undefined;
  /** Why there is no copy at all, or no right to one, as a sentence. */
  readonly blockedBecause: string | undefined;
}

type Reading =
  | { readonly kind: "usable"; readonly resource: WorkerAutoscaler }
  | { readonly kind: "rejected"; readonly rejected: RejectedAutoscaler };
/** `text`: what the reading was made of, so that a status write is told from an edit. */
type Stored = { readonly text: string; readonly reading: Reading; readonly status: unknown };

type RawMetadata = KubernetesObject["metadata"] & {
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
};
/** A WorkerAutoscaler as the API server answers it. */
export type RawAutoscaler = {
  readonly apiVersion?: string;
  readonly metadata: RawMetadata;
  readonly spec?: unknown;
  readonly status?: unknown;
};

export const workerAutoscalers = { group: "millrace.dev", version: "v1alpha1", plural: "workerautoscalers" };
/** Many objects change at once when a watch begins: they are told of together. */
const gatherMs = 50;
const firstListWithinMs = 10_000;

/** The WorkerAutoscalers of a cluster, kept up to date. */
export function createAutoscalerSource(options: AutoscalerSourceOptions): AutoscalerSource {
  return new WatchedAutoscalers(options);
}

class WatchedAutoscalers implements AutoscalerSource {
  readonly #options: AutoscalerSourceOptions;
  readonly #watches: readonly ListWatch<Stored>[];
  #gathering: NodeJS.Timeout | undefined;

  constructor(options: AutoscalerSourceOptions) {
    this.#options = options;
    const { client, namespaces, logger, timing } = options;
    this.#watches = (namespaces ?? [undefined]).map((namespace) => {
      const watch: ListWatch<Stored> = createListWatch({
        client,
        resource: workerAutoscalers,
        ...(namespace !== undefined && { namespace }),
        trim: (object) => storedOf(object as RawAutoscaler, watch.items.get(objectKey(object))),
        logger,
        ...(timing !== undefined && { timing }),
      });
      return watch;
    });
    for (const watch of this.#watches) {
      watch.onChange(({ before, now }) => {
        if (before?.text !== now?.text) this.#gather();
      });
    }
  }

  async start(): Promise<void> {
    const listed = Promise.all(this.#watches.map((watch) => watch.start()));
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, firstListWithinMs);
    try {
      await Promise.race([listed, late.promise]);
    } finally {
      clearTimeout(timer);
      listed.catch(() => {}); // stopped before the first list
    }
    this.#tell();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#gathering);
    await Promise.all(this.#watches.map((watch) => watch.stop()));
    clearTimeout(this.#gathering);
  }

  get rejected(): readonly RejectedAutoscaler[] {
    return this.#readings().flatMap((reading) => (reading.kind === "rejected" ? [reading.rejected] : []));
  }

  storedStatus(key: string): unknown {
    for (const { items } of this.#watches) {
      const stored = items.get(key);
      if (stored !== undefined) return stored.status;
    }
    return undefined;
  }

  get problem(): string | undefined {
    return this.#watches.find(({ problem }) => problem !== undefined)?.problem;
  }

  get blockedBecause(): string | undefined {
    const blocked = this.#watches.find((watch) => watch.ageMs() === undefined || watch.isForbidden);
    return blocked && `The WorkerAutoscalers cannot be listed. ${blocked.problem ?? ""}`.trim();
  }

  #readings(): readonly Reading[] {
    return this.#watches.flatMap(({ items }) => [...items.values()].map(({ reading }) => reading));
  }

  #gather(): void {
    this.#gathering ??= setTimeout(() => this.#tell(), gatherMs);
  }

  #tell(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#options.onChange(
      this.#readings().flatMap((reading) => (reading.kind === "usable" ? [reading.resource] : [])),
      this.rejected.flatMap(({ claim }) => claim ?? []),
    );
  }
}

/** What is kept of an object; nothing of one that is being deleted. */
function storedOf(object: RawAutoscaler, before: Stored | undefined): Stored | undefined {
  if (object.metadata.deletionTimestamp !== undefined) return undefined;
  const document = withoutVolatile(object);
  const text = JSON.stringify(document);
  const reading = before?.text === text ? before.reading : readingOf(object, document);
  return { text, reading, status: object.status };
}

/** Without what changes when nobody edited anything: status, versions, and what other tools note in annotations. */
function withoutVolatile({ apiVersion, metadata, spec }: RawAutoscaler): object {
  const { name, namespace, uid, generation, creationTimestamp, annotations = {} } = metadata;
  const ours = Object.entries(annotations).filter(([key]) => key.startsWith("millrace.dev/"));
  return {
    apiVersion: apiVersion ?? "millrace.dev/v1alpha1",
    kind: "WorkerAutoscaler",
    metadata: { name, namespace, uid, generation, creationTimestamp, annotations: Object.fromEntries(ours) },
    spec,
  };
}

/** What an object asks for, with every default; or why it cannot be read. */
export function readingOf(object: RawAutoscaler, document = withoutVolatile(object)): Reading {
  const { metadata } = object;
  const parsed = parseResource(document);
  if (parsed.kind === "resource" && parsed.resource.kind === "WorkerAutoscaler") {
    return { kind: "usable", resource: parsed.resource };
  }
  const problems = parsed.kind === "invalid" ? parsed.problems : [];
  const told = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  const claim = claimOf(object);
  return {
    kind: "rejected",
    rejected: {
      namespace: metadata.namespace ?? "default",
      name: metadata.name,
      uid: metadata.uid ?? "",
      generation: metadata.generation ?? 0,
      because: `${told.join("; ")}. The replicas stay as they are until this is put right.`,
      ...(claim !== undefined && { claim }),
    },
  };
}

function claimOf({ metadata, spec }: RawAutoscaler): Claim | undefined {
  const { scaleTargetRef, mode } = recordOf(spec);
  const { apiVersion = "apps/v1", kind = "Deployment", name } = recordOf(scaleTargetRef);
  if (mode === "DryRun" || typeof apiVersion !== "string" || typeof kind !== "string") return undefined;
  if (typeof name !== "string") return undefined;
  return {
    name: metadata.name,
    target: { apiVersion, kind, name, namespace: metadata.namespace ?? "default" },
    creationTimestamp: metadata.creationTimestamp,
  };
}

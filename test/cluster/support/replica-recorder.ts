import { EventEmitter, once } from "node:events";
import type { ApiResource } from "../../../src/kubernetes/api-path.ts";
import type { ClusterClient } from "../../../src/kubernetes/cluster-client.ts";
import type { KubernetesObject } from "../../../src/kubernetes/kubernetes-object.ts";
import { createListWatch } from "../../../src/kubernetes/list-watch.ts";

/** One change of `spec.replicas`. */
export type ReplicaChange = {
  /** When this process heard of it. */
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  /** The object's; of two objects of one cluster, the higher one was written later. */
  readonly version: number;
};

/** Watches `spec.replicas` of one object: what was patched, by whomever. */
export type ReplicaRecorder = {
  readonly changes: readonly ReplicaChange[];
  now(): number;
  /** Resolves at once if the count is `replicas`, else when it becomes that; with the time. */
  reaches(replicas: number, withinMs: number): Promise<number>;
  /** Resolves when the count fits. */
  becomes(fits: (replicas: number) => boolean, what: string, withinMs: number): Promise<number>;
  /** Resolves after `forMs` without any change; rejects at the first one. */
  staysFor(forMs: number): Promise<void>;
  /** Replicas taken away by all changes together. */
  removed(): number;
  stop(): Promise<void>;
};

type Scalable = KubernetesObject & { readonly spec?: { readonly replicas?: number } };

const countOf = (object: KubernetesObject) => ({
  replicas: (object as Scalable).spec?.replicas ?? 0,
  version: Number(object.metadata.resourceVersion),
});

export const recordReplicas = async (
  client: ClusterClient,
  target: { readonly resource: ApiResource; readonly namespace: string; readonly name: string },
): Promise<ReplicaRecorder> => {
  const changes: ReplicaChange[] = [];
  const events = new EventEmitter();
  events.setMaxListeners(50);
  const watch = createListWatch({
    client,
    resource: target.resource,
    namespace: target.namespace,
    fieldSelector: `metadata.name=${target.name}`,
    trim: countOf,
  });
  watch.onChange(({ before, now }) => {
    if (before === undefined || now === undefined || before.replicas === now.replicas) return;
    const change = { atMs: Date.now(), from: before.replicas, to: now.replicas, version: now.version };
    changes.push(change);
    events.emit("change", change);
  });
  await watch.start();
  const now = (): number => watch.items.get(`${target.namespace}/${target.name}`)?.replicas ?? 0;

  const becomes: ReplicaRecorder["becomes"] = async (fits, what, withinMs) => {
    const signal = AbortSignal.timeout(withinMs);
    while (!fits(now())) {
      await once(events, "change", { signal }).catch(() => {
        throw new Error(`${target.name} has ${now()} replicas after ${withinMs} ms, not ${what}`);
      });
    }
    return changes.at(-1)?.atMs ?? Date.now();
  };
  return {
    changes,
    now,
    becomes,
    reaches: (replicas, withinMs) => becomes((is) => is === replicas, String(replicas), withinMs),
    async staysFor(forMs) {
      const was = now();
      const quiet = AbortSignal.timeout(forMs);
      const change = await once(events, "change", { signal: quiet }).catch(() => undefined);
      if (change !== undefined || now() !== was)
        throw new Error(`${target.name} went from ${was} to ${now()} replicas within ${forMs} ms`);
    },
    removed: () => changes.reduce((sum, { from, to }) => sum + Math.max(0, from - to), 0),
    stop: () => watch.stop(),
  };
};

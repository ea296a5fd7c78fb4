import type { Service } from "../../kit/src/service.ts";
import type { ClusterClient } from "../../src/kubernetes/cluster-client.ts";
import { hasCode } from "../../src/kubernetes/errors.ts";
import type { KubernetesObject } from "../../src/kubernetes/kubernetes-object.ts";
import { createListWatch, type ListWatch } from "../../src/kubernetes/list-watch.ts";
import { pause } from "../../src/kubernetes/pause.ts";

type Pod = KubernetesObject & {
  readonly spec?: { readonly nodeName?: string };
  readonly status?: { readonly phase?: string };
};

const pods = { group: "", version: "v1", plural: "pods" };

/** The API server is slow, busy or away, the pod is bound or ending by now, or its namespace is ending. */
const passing = ["timeout", "busy", "refused", "unreachable", "conflict", "forbidden"] as const;

export type FakeKubelet = Service & {
  /** New pods are bound and become ready at once (the default), or stay as they were created. */
  startPods: boolean;
  /** Pods that are told to end do so at once (the default), or stay in their grace period. */
  endPods: boolean;
  /** Names, in order of creation. */
  readonly pods: readonly string[];
  bind(pod: string): Promise<void>;
  /** Replaces the given parts of the pod's status. */
  report(pod: string, status: object): Promise<void>;
  ready(pod: string): Promise<void>;
  unready(pod: string): Promise<void>;
};

/**
 * Plays scheduler and kubelet of one namespace, through the API server, where the cluster has no nodes. Only what a real
 * kubelet reports is written: bindings, pod status, and the end of a deletion.
 */
export const createFakeKubelet = (client: ClusterClient, namespace: string): FakeKubelet => {
  let address = 0;
  const at = (name: string, subresource?: string) => ({
    resource: pods,
    namespace,
    name,
    ...(subresource === undefined ? {} : { subresource }),
  });
  const stopping = new AbortController();
  /** One that was given up stays, for `stop` to tell of. */
  const underWay = new Set<Promise<void>>();
  const watch: ListWatch<Pod> = createListWatch({
    client,
    resource: pods,
    namespace,
    trim: (object) => object as Pod,
  });

  const kubelet: FakeKubelet = {
    startPods: true,
    endPods: true,
    get pods() {
      return [...watch.items.values()]
        .toSorted((a, b) =>
          (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? ""),
        )
        .map(({ metadata }) => metadata.name);
    },
    async bind(name) {
      const target = { apiVersion: "v1", kind: "Node", name: "fake-node" };
      await client.create(at(name, "binding"), {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name },
        target,
      });
    },
    async report(name, status) {
      await client.mergePatch(at(name, "status"), { status });
    },
    async ready(name) {
      address += 1;
      const ip = `10.9.${address >> 8}.${address & 255}`;
      await kubelet.report(name, {
        phase: "Running",
        podIP: ip,
        podIPs: [{ ip }],
        conditions: conditions({ ready: "True" }),
      });
    },
    async unready(name) {
      await kubelet.report(name, { conditions: conditions({ ready: "False" }) });
    },
    start: () => watch.start(),
    async stop() {
      stopping.abort();
      await watch.stop();
      await Promise.all(underWay);
    },
  };

  const startPod = async ({ metadata, spec, status }: Pod): Promise<void> => {
    if (metadata.deletionTimestamp !== undefined || status?.phase === "Running") return;
    if (spec?.nodeName === undefined) await kubelet.bind(metadata.name);
    await kubelet.ready(metadata.name);
  };
  const endPod = async ({ metadata }: Pod): Promise<void> => {
    if (metadata.deletionTimestamp === undefined) return;
    await client.delete(at(metadata.name), { query: { gracePeriodSeconds: 0 } });
  };
  /** With the pod as it is then, until it is done or the pod is gone. */
  const untilDone = async (key: string, step: (pod: Pod) => Promise<void>): Promise<void> => {
    while (!stopping.signal.aborted) {
      const pod = watch.items.get(key);
      if (pod === undefined) return;
      try {
        return await step(pod);
      } catch (error) {
        if (hasCode(error, "not-found")) return;
        if (!passing.some((code) => hasCode(error, code))) throw error;
      }
      await pause(200, stopping.signal);
    }
  };

  watch.onChange(({ key, now, before }) => {
    if (now === undefined) return;
    const isEnding = now.metadata.deletionTimestamp !== undefined;
    const isNew = before === undefined && now.spec?.nodeName === undefined;
    if (isEnding ? !kubelet.endPods : !isNew || !kubelet.startPods) return;
    const work = untilDone(key, isEnding ? endPod : startPod);
    underWay.add(work);
    work.then(
      () => underWay.delete(work),
      () => {},
    );
  });
  return kubelet;
};

const conditions = ({ ready }: { readonly ready: string }) => {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  return [
    { type: "PodScheduled", status: "True", lastTransitionTime },
    { type: "Ready", status: ready, lastTransitionTime },
  ];
};

import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import {
  type WorkerAutoscalerStatus,
  workerAutoscalerStatusSchema,
} from "../resource/worker-autoscaler-status.ts";
import { type RawAutoscaler, readingOf, workerAutoscalers } from "./autoscaler-source.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { hasCode } from "./errors.ts";

/** One WorkerAutoscaler as the cluster has it. */
export type StoredAutoscaler =
  | {
      readonly kind: "readable";
      readonly resource: WorkerAutoscaler;
      readonly status: WorkerAutoscalerStatus;
    }
  | {
      readonly kind: "unreadable";
      readonly key: string;
      readonly because: string;
      readonly object: object;
    };

/** Undefined when there is none of that name. A status that cannot be read counts as none. */
export async function storedAutoscaler(
  client: Pick<ClusterClient, "get">,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<StoredAutoscaler | undefined> {
  try {
    const object = await client.get<RawAutoscaler>({ resource: workerAutoscalers, namespace, name });
    const reading = readingOf(object);
    if (reading.kind === "rejected") {
      const { because } = reading.rejected;
      return { kind: "unreadable", key: `${namespace}/${name}`, because, object };
    }
    const status = workerAutoscalerStatusSchema.safeParse(object.status).data ?? {};
    return { kind: "readable", resource: reading.resource, status };
  } catch (cause) {
    if (hasCode(cause, "not-found")) return undefined;
    throw cause;
  }
}

/** `namespace/name` of those in the namespace, in order. */
export async function autoscalerNames(
  client: Pick<ClusterClient, "list">,
  namespace: string,
): Promise<readonly string[]> {
  const { items } = await client.list<{ items: readonly RawAutoscaler[] }>({
    resource: workerAutoscalers,
    namespace,
  });
  return items.map(({ metadata }) => `${namespace}/${metadata.name}`).toSorted((a, b) => a.localeCompare(b));
}

import type { ApiPath } from "./api-path.ts";
import type { ClusterClient } from "./cluster-client.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";

type Page = {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly KubernetesObject[];
};

const pageSize = 500;
const pageTimeoutMs = 30_000;

/** Lists page by page and returns the list's resourceVersion. A continue token that expired is a `gone`. */
export const listAll = async (
  list: {
    readonly client: ClusterClient;
    /** Without a name. */
    readonly path: ApiPath;
    readonly labelSelector: string | undefined;
    readonly fieldSelector: string | undefined;
    readonly signal: AbortSignal;
  },
  onObject: (object: KubernetesObject) => void,
): Promise<string> => {
  const { client, path, labelSelector, fieldSelector, signal } = list;
  let next: string | undefined;
  for (;;) {
    const page: Page = await client.list(path, {
      query: { limit: pageSize, continue: next, labelSelector, fieldSelector },
      signal,
      timeoutMs: pageTimeoutMs,
    });
    for (const object of page.items) onObject(object);
    const { continue: more, resourceVersion } = page.metadata;
    if (more === undefined || more === "") return resourceVersion;
    next = more;
  }
};

import type { ClusterClient } from "./cluster-client.ts";
import { hasCode } from "./errors.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { podsResource, trimPod, type WatchedPod } from "./watched-pod.ts";

/** null takes an annotation away. */
export type AnnotationChange = Readonly<Record<string, string | null>>;

/**
 * Changes annotations of one pod as long as nobody else wrote in between: the change is computed from the pod as it is.
 *
 * `decide` answers undefined when there is nothing to write, and is asked again when the pod changed meanwhile. Answers
 * whether the pod was still there. Rejects with a KubernetesError.
 */
export const changeAnnotations = async (
  client: ClusterClient,
  pod: WatchedPod,
  {
    decide,
    signal,
  }: { readonly decide: (pod: WatchedPod) => AnnotationChange | undefined; readonly signal: AbortSignal },
): Promise<boolean> => {
  let current: WatchedPod | undefined = pod;
  for (let attempt = 0; attempt < maxAttempts && current?.uid === pod.uid; attempt++) {
    const annotations = decide(current);
    if (annotations === undefined) return true;
    const { uid, resourceVersion } = current;
    try {
      await client.mergePatch(pathOf(pod), { metadata: { uid, resourceVersion, annotations } }, { signal });
      return true;
    } catch (error) {
      if (hasCode(error, "not-found")) return false;
      if (!hasCode(error, "conflict") || attempt === maxAttempts - 1) throw error;
      current = await readPod(client, pod, signal);
    }
  }
  return false;
};

const maxAttempts = 3;

/** The pod as it is now; undefined: it is gone, or finished. */
export const readPod = async (
  client: ClusterClient,
  pod: WatchedPod,
  signal: AbortSignal,
): Promise<WatchedPod | undefined> => {
  try {
    return trimPod(await client.get<KubernetesObject>(pathOf(pod), { signal }));
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
};

const pathOf = ({ namespace, name }: WatchedPod) => ({ resource: podsResource, namespace, name });

import type { ClusterClient } from "./cluster-client.ts";
import { inParallel } from "./in-parallel.ts";
import { type AnnotationChange, changeAnnotations } from "./pod-annotations.ts";
import { DO_NOT_DISRUPT, OUR_PROTECTION, SAFE_TO_EVICT, type WatchedPod } from "./watched-pod.ts";

const protection: Readonly<Record<string, string>> = { [DO_NOT_DISRUPT]: "true", [SAFE_TO_EVICT]: "false" };
const writesAtATime = 8;
/** The rest waits for the next call. */
const maxWrites = 100;

/**
 * Makes busy pods carry what keeps node consolidation away from them, and takes it from the others; writes on change only.
 * Values that others set stay. Answers why something could not be written; undefined: all is as it should be.
 */
export const protectBusy = async (
  client: ClusterClient,
  pods: readonly WatchedPod[],
  { busy, signal }: { readonly busy: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<string | undefined> => {
  let problem: string | undefined;
  const decide = (pod: WatchedPod) => (busy.has(pod.name) ? added(pod) : removed(pod));
  const changing = pods.filter((pod) => !pod.isDeleting && decide(pod) !== undefined);
  await inParallel(changing.slice(0, maxWrites), writesAtATime, async (pod) => {
    try {
      await changeAnnotations(client, pod, { decide, signal });
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  });
  return problem === undefined
    ? undefined
    : `Busy pods could not be kept from node consolidation: ${problem}`;
};

/** What it lacks, and a note of what is ours to take away. */
const added = ({ annotations }: WatchedPod): AnnotationChange | undefined => {
  if (annotations[OUR_PROTECTION] !== undefined) return undefined;
  const missing = Object.entries(protection).filter(([name]) => annotations[name] === undefined);
  if (missing.length === 0) return undefined;
  return { ...Object.fromEntries(missing), [OUR_PROTECTION]: missing.map(([name]) => name).join(",") };
};

const removed = ({ annotations }: WatchedPod): AnnotationChange | undefined => {
  const ours = annotations[OUR_PROTECTION];
  if (ours === undefined) return undefined;
  const unchanged = ours.split(",").filter((name) => annotations[name] === protection[name]);
  return { ...Object.fromEntries(unchanged.map((name) => [name, null])), [OUR_PROTECTION]: null };
};

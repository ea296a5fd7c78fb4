import type { WatchedPod } from "./watched-pod.ts";

export type StartPhase = "unscheduled" | "scheduled" | "failing";

/** What keeps a pod that is not ready from starting. */
export type Trouble = {
  readonly kind: "scheduling" | "image" | "configuration" | "crash";
  readonly said: string;
};

const imageReasons: ReadonlySet<string> = new Set([
  "ImagePullBackOff",
  "ErrImagePull",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
]);
const crashReasons: ReadonlySet<string> = new Set(["CrashLoopBackOff", "RunContainerError"]);

/** Why a pod that is not ready does not get there; undefined: it is on its way. */
export const troubleOf = (pod: WatchedPod): Trouble | undefined => {
  if (pod.unschedulable !== undefined) return { kind: "scheduling", said: pod.unschedulable };
  const { reason, message } = pod.waiting ?? {};
  if (reason === undefined) return undefined;
  const said = message === undefined ? reason : `${reason}, ${message}`;
  if (imageReasons.has(reason)) return { kind: "image", said };
  // Whatever else holds a container back (CreateContainerConfigError, CreateContainerError, ...) is in what it was given.
  return { kind: crashReasons.has(reason) ? "crash" : "configuration", said };
};

/** Of a pod that is not ready. */
export const phaseOf = (pod: WatchedPod): StartPhase => {
  const trouble = troubleOf(pod);
  if (pod.scheduledAtMs === undefined) return "unscheduled";
  return trouble === undefined ? "scheduled" : "failing";
};

const remedies: Readonly<Record<Trouble["kind"], (pods: string) => string>> = {
  scheduling: (pods) => `${pods} cannot be scheduled; add nodes, or lower the pods' requests or constraints`,
  image: (pods) => `${pods} cannot pull the image; check its name and the pull secret`,
  configuration: (pods) =>
    `${pods} cannot create the container; check the ConfigMaps, Secrets and volumes it names`,
  crash: (pods) => `${pods} keeps crashing; see kubectl logs --previous`,
};

const maxSaidCharacters = 200;

/** One sentence for each kind of trouble, with the remedy and one pod's own words. Undefined: no trouble. */
export const noticeOf = (
  starting: readonly WatchedPod[],
  refused: { readonly count: number; readonly said: string } | undefined,
): string | undefined => {
  const byKind = new Map<
    Trouble["kind"],
    { count: number; readonly first: WatchedPod; readonly said: string }
  >();
  for (const pod of starting) {
    const trouble = troubleOf(pod);
    if (trouble === undefined) continue;
    const seen = byKind.get(trouble.kind);
    if (seen === undefined) byKind.set(trouble.kind, { count: 1, first: pod, said: trouble.said });
    else seen.count += 1;
  }
  const sentences = [...byKind].map(([kind, { count, first, said }]) => {
    const pods = count === 1 ? `pod ${first.name}` : `each of ${count} pods, ${first.name} for one,`;
    return `${remedies[kind](pods)}: ${short(said)}`;
  });
  if (refused !== undefined) {
    const pods = refused.count === 1 ? "1 pod is" : `${refused.count} pods are`;
    sentences.push(
      `${pods} refused; raise the quota, or mend what the admission objects to: ${short(refused.said)}`,
    );
  }
  return sentences.length === 0 ? undefined : sentences.join(". ");
};

const short = (said: string): string =>
  said.length <= maxSaidCharacters ? said : `${said.slice(0, maxSaidCharacters)}...`;

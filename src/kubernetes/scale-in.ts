import type { ScaleChange, ScaleOutcome, TargetRef } from "../operator/ports.ts";
import type { ClusterClient } from "./cluster-client.ts";
import type { FleetMetrics } from "./fleet-metrics.ts";
import { type ScaleOf, writeScale } from "./scale.ts";
import type { TargetMemory } from "./target-memory.ts";
import type { VictimChecks } from "./victim-checks.ts";
import { isOurs, type VictimMarks } from "./victim-marks.ts";
import { waitUntil } from "./wait-until.ts";
import type { WatchedPod } from "./watched-pod.ts";
import type { Workload } from "./workload.ts";
import type { WorkloadReader } from "./workload-reader.ts";

export type ScaleInParts = {
  readonly client: ClusterClient;
  readonly workloads: WorkloadReader;
  readonly marks: VictimMarks;
  readonly checks: VictimChecks;
  readonly metrics: FleetMetrics;
};

export type Shrink = {
  readonly of: ScaleOf;
  readonly workload: Workload;
  readonly change: ScaleChange & { readonly victims: readonly string[] };
  readonly memory: TargetMemory;
  readonly signal: AbortSignal;
};

/** As many as can be marked well within the operator's deadline; the rest goes with its next look. */
const maxVictims = 100;
const cleanUpMs = 10_000;
/** Our own watch usually has the marks within some ten milliseconds. */
const markSeenAtMostMs = 600;
const markSeenEveryMs = 10;
/**
 * The ReplicaSet controller learns of the marks and of the count by watches of its own, in no given order. Without this pause
 * it was once seen, on an overloaded machine, to act on the new count before it knew the marks.
 */
const controllerLagMs = 150;

/**
 * Lowers the count of a target whose victims are chosen: marks them, lowers the count by as many as could be marked, and
 * watches who goes. Pods of which another writer set the deletion cost keep it, and that many fewer are removed.
 */
export const shrinkByVictims = async (parts: ScaleInParts, shrink: Shrink): Promise<ScaleOutcome> => {
  const { of, workload, change, memory, signal } = shrink;
  const { from, victims } = change;
  const living = workload.pods.filter(({ isDeleting }) => !isDeleting);
  const wanted = victims.slice(0, Math.min(from - change.to, maxVictims));
  const least = victims.length > maxVictims ? Math.max(change.to, from - maxVictims) : change.to;
  const chosen = wanted.flatMap((name) => living.find((pod) => pod.name === name) ?? []);
  const leftOver = living.filter((pod) => isOurs(pod) && !chosen.includes(pod));
  const [{ marked, foreign, problem }] = await Promise.all([
    parts.marks.mark(chosen, signal),
    parts.marks.clear(leftOver, signal),
  ]);
  memory.say("victims", foreignNotice(foreign));
  parts.metrics.victims("foreign", foreign.length);
  // In the place of one that is gone by itself, or is not ours to choose, another would go.
  const to = Math.min(from, least + wanted.length - marked.length);
  const because =
    problem ?? (to === from ? (foreignNotice(foreign) ?? "They are gone by themselves.") : undefined);
  if (because !== undefined) {
    cleanUp(parts, of.target, marked);
    return {
      kind: "failed",
      because: `Nothing was removed, as the idle pods could not be marked. ${because}`,
    };
  }
  await marksToBeSeen(parts, of.target, { marked, signal });
  const callOff = parts.checks.begin({
    controller: living[0]?.controller?.uid ?? "",
    chosen: marked,
    removedCount: from - to,
    settle: (survivors) =>
      cleanUp(
        parts,
        of.target,
        survivors.map((name) => ({ name })),
      ),
  });
  try {
    const write = await writeScale(parts.client, of, { from, to, signal });
    if (write.kind === "written") {
      parts.workloads.noteScale(of.target, write.scale);
      memory.noteWritten(write.scale);
      return to === change.to ? { kind: "scaled" } : { kind: "scaled", to };
    }
    callOff();
    cleanUp(parts, of.target, marked);
    return write;
  } catch (error) {
    callOff();
    cleanUp(parts, of.target, marked);
    throw error;
  }
};

const marksToBeSeen = async (
  { workloads }: ScaleInParts,
  { namespace }: TargetRef,
  { marked, signal }: { readonly marked: readonly WatchedPod[]; readonly signal: AbortSignal },
): Promise<void> => {
  const areSeen = (): boolean =>
    marked.every(({ name }) => {
      const pod = workloads.pod(namespace, name);
      return pod === undefined || isOurs(pod);
    });
  await waitUntil(areSeen, { everyMs: markSeenEveryMs, atMostMs: markSeenAtMostMs, signal });
  await waitUntil(() => false, { everyMs: controllerLagMs, atMostMs: controllerLagMs, signal });
};

/** In the background: nothing waits for it, and what fails is put right before the next scale-in. */
const cleanUp = (
  { marks, workloads }: ScaleInParts,
  { namespace }: TargetRef,
  pods: readonly Pick<WatchedPod, "name">[],
): void => {
  const current = pods.flatMap(({ name }) => workloads.pod(namespace, name) ?? []);
  void marks.clear(
    current.filter(({ isDeleting }) => !isDeleting),
    AbortSignal.timeout(cleanUpMs),
  );
};

const foreignNotice = ([first, ...others]: readonly WatchedPod[]): string | undefined => {
  if (first === undefined) return undefined;
  const pods =
    others.length === 0
      ? `Pod ${first.name} carries`
      : `${others.length + 1} pods, ${first.name} for one, carry`;
  return `${pods} a controller.kubernetes.io/pod-deletion-cost that something else wrote; it is left alone, and such pods cannot be chosen: stop that writer, or take the annotation away`;
};

import type { FleetObservation, Replica } from "../operator/ports.ts";
import { noticeOf, phaseOf } from "./pod-trouble.ts";
import type { TargetMemory } from "./target-memory.ts";
import type { WatchedPod } from "./watched-pod.ts";
import type { Workload } from "./workload.ts";

type Observed = Extract<FleetObservation, { kind: "observed" }>;
type Starting = Observed["fleet"]["starting"][number];

/** A pod that was asked for exists within milliseconds; one that does not by then has been refused. */
const createdWithinMs = 10_000;

/** What the operator is told of a workload. */
export const observeWorkload = (workload: Workload, memory: TargetMemory, nowMs: number): Observed => {
  const desired = memory.desiredOf(workload);
  const living = workload.pods.filter(({ isDeleting }) => !isDeleting);
  const ready = living.filter(({ readyAtMs }) => readyAtMs !== undefined);
  const unready = living.filter(({ readyAtMs }) => readyAtMs === undefined);
  const absentCount = Math.max(0, desired - living.length);
  const draining = workload.pods.length - living.length;
  const isWaiting = waitsForTurn(workload, { unreadyCount: unready.length, drainingCount: draining });
  const sinceMs = memory.absentForMs(isWaiting ? 0 : absentCount, nowMs);
  const absent = absentOf(workload, { count: absentCount, sinceMs });
  const starting = [...unready.map((pod) => startingOf(pod, nowMs)), ...absent.expected].toSorted(
    (a, b) => b.ageSeconds - a.ageSeconds,
  );
  // The surge of a rollout replaces what is there; it is no new capacity.
  const countedReady = workload.isRollingOut ? Math.min(ready.length, desired) : ready.length;
  const countedStarting = workload.isRollingOut ? starting.slice(0, desired - countedReady) : starting;
  const trouble = noticeOf(unready, absent.refused);
  const notice = [...(trouble === undefined ? [] : [trouble]), ...memory.notices];
  memory.startups.note(living, nowMs);
  const startup = memory.startups.quantiles();
  return {
    kind: "observed",
    fleet: {
      desired,
      ready: countedReady,
      draining,
      starting: countedStarting,
      ...(workload.graceSeconds === undefined ? {} : { graceSeconds: workload.graceSeconds }),
      uncreated: absent.refused?.count ?? 0,
      rollout: workload.isRollingOut,
    },
    restarts: memory.restarts.note(workload.pods),
    ...(startup === undefined ? {} : { startup }),
    ...(notice.length === 0 ? {} : { notice: notice.join(". ") }),
    ...(workload.choosesByCost && !workload.isRollingOut ? { victims: readyReplicas(workload) } : {}),
  };
};

export const readyReplicas = ({ pods }: Workload): readonly Replica[] =>
  pods.flatMap(({ isDeleting, readyAtMs, name, addresses }) =>
    isDeleting || readyAtMs === undefined ? [] : [{ id: name, addresses }],
  );

const startingOf = (pod: WatchedPod, nowMs: number): Starting => ({
  ageSeconds: Math.max(0, nowMs - pod.createdAtMs) / 1_000,
  phase: phaseOf(pod),
});

/** Absent pods that wait for their turn have not begun to start, and are not stuck however long that takes. */
const waitsForTurn = (
  { createsInOrder, createsAfterDraining }: Workload,
  { unreadyCount, drainingCount }: { readonly unreadyCount: number; readonly drainingCount: number },
): boolean => (createsInOrder && unreadyCount > 0) || (createsAfterDraining && drainingCount > 0);

/** Pods that were asked for and do not exist: expected for a moment, refused after that or as soon as the ReplicaSet says so. */
const absentOf = (
  { refused }: Workload,
  { count, sinceMs }: { readonly count: number; readonly sinceMs: number },
): {
  readonly expected: readonly Starting[];
  readonly refused?: { readonly count: number; readonly said: string };
} => {
  if (count === 0) return { expected: [] };
  const seconds = Math.round(sinceMs / 1_000);
  const late = `not created ${seconds} s after they were asked for; kubectl get events tells why`;
  const said = refused ?? (sinceMs > createdWithinMs ? late : undefined);
  if (said !== undefined) return { expected: [], refused: { count, said } };
  const pod: Starting = { ageSeconds: sinceMs / 1_000, phase: "unscheduled" };
  return { expected: Array.from({ length: count }, () => pod) };
};

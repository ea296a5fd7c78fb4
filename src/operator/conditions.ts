import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { Latest } from "./latest.ts";
import type { Refusal } from "./broker-access.ts";
import { capacityBlocked } from "./capacity-condition.ts";
import { no, type State, unknown, yes } from "./condition-state.ts";
import type { CountMemory } from "./count-memory.ts";
import { fleetNotice } from "./fleet-notice.ts";
import type { UnresolvedPattern } from "./queue-set.ts";
import { scaleInBlocked } from "./scale-in-condition.ts";
import { instant } from "./instant.ts";
import { endOfSentence, sentence } from "./sentence.ts";
import { signalsFresh } from "./signals-condition.ts";
import type { Owner } from "./target-owners.ts";
import { warmAdvice } from "./warm-advice.ts";

/** As in a Kubernetes status. `reason` is a CamelCase word, `message` a sentence. */
export type Condition = {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
};
/** True is good for the first four; for the others True means that the thing named is so. */
export const conditionTypes = [
  "Ready",
  "SignalsFresh",
  "ObjectiveMet",
  "ObjectiveFeasible",
  "TargetConflict",
  "QueueShared",
  "ScaleInBlocked",
  "CapacityBlocked",
  "Paused",
] as const;
export type ConditionType = (typeof conditionTypes)[number];

export type Facts = {
  readonly latest: Latest | undefined;
  readonly resource: WorkerAutoscaler;
  readonly count: CountMemory | undefined;
  /** Other autoscalers that name one of the same queues. */
  readonly sharedWith: readonly string[];
  /** What the sources said was wrong in the latest cycle. */
  readonly sourceProblems: readonly string[];
  /** Why nothing may be decided at all. */
  readonly refusal?: Refusal | undefined;
  /** What else scales the target. */
  readonly owner?: Owner | undefined;
  /** Patterns whose queues are not known. */
  readonly unresolved?: readonly UnresolvedPattern[];
};

/** All conditions, in the order of `conditionTypes`. The transition time of one whose status stays is kept. */
export function conditionsOf(
  facts: Facts,
  earlier: readonly Condition[],
  nowMs: number,
): readonly Condition[] {
  const signals = signalsFresh(facts);
  const states: Record<ConditionType, State> = {
    Ready: ready(facts, signals),
    SignalsFresh: signals,
    ObjectiveMet: objectiveMet(facts),
    ObjectiveFeasible: feasible(facts),
    TargetConflict: targetConflict(facts, nowMs),
    QueueShared: queueShared(facts),
    ScaleInBlocked: scaleInBlocked(facts, nowMs),
    CapacityBlocked: capacityBlocked(facts),
    Paused: paused(facts),
  };
  return conditionTypes.map((type) => {
    const before = earlier.find((condition) => condition.type === type);
    const lastTransitionTime =
      before?.status === states[type].status ? before.lastTransitionTime : new Date(nowMs).toISOString();
    return { type, ...states[type], lastTransitionTime };
  });
}

function ready(facts: Facts, signals: State): State {
  const { latest, refusal, owner, resource } = facts;
  if (refusal !== undefined) return no(refusal.reason, refusal.message);
  if (latest === undefined) return unknown("NotLookedYet", "The first cycle has not ended.");
  if (latest.fleet.kind === "unknown")
    return no("TargetUnknown", `The target cannot be observed: ${endOfSentence(latest.fleet.because)}`);
  if (owner !== undefined && resource.spec.mode === "Active")
    return no("OwnedByOther", ownedByOther(resource, owner));
  // A floor that has no value takes nothing away from what the queues say.
  if (signals.status !== "True" && signals.reason !== "FloorUnknown")
    return no(signals.reason, signals.message);
  const notice = fleetNotice(latest);
  return yes("Deciding", `The target and every queue are known.${notice === undefined ? "" : ` ${notice}`}`);
}

function objectiveMet({ latest, resource }: Facts): State {
  const measured = latest?.verdict?.estimate.attainmentRatio;
  const { waitSeconds, attainmentRatio } = resource.spec.objective;
  if (measured === undefined) return unknown("NotMeasured", notMeasured(latest?.workersProblem));
  const told = `${percent(measured)} of the jobs started within ${waitSeconds} s; ${percent(attainmentRatio)} are promised.`;
  return measured >= attainmentRatio ? yes("Met", told) : no("Missed", told);
}

/** Only the workers' own metrics tell when jobs started. */
const notMeasured = (workersProblem: string | undefined): string =>
  `The share of jobs that started in time is not known.${workersProblem === undefined ? "" : ` ${sentence(workersProblem)}`}`;

function feasible({ latest, resource }: Facts): State {
  const feasibility = latest?.verdict?.feasibility;
  if (feasibility === undefined) return unknown("NotLookedYet", "Nothing was decided yet.");
  if (feasibility.kind === "infeasible") {
    const { because, warmReplicasNeeded } = feasibility;
    return no("Infeasible", `${because} ${warmAdvice(warmReplicasNeeded, resource.spec.replicas)}`);
  }
  return feasibility.kind === "feasible"
    ? yes("Feasible", "Workers start early enough for the promised wait.")
    : unknown("NotMeasured", "Too little was measured to say.");
}

function targetConflict({ count, owner, resource }: Facts, nowMs: number): State {
  if (owner !== undefined && resource.spec.mode === "DryRun") {
    return no(
      "BesideOther",
      `${owner.kind} ${owner.name} scales this target; in DryRun nothing is changed, so the two can be compared. Before spec.mode: Active: ${owner.remedy}`,
    );
  }
  if (owner !== undefined) return yes("OwnedByOther", ownedByOther(resource, owner));
  if (count !== undefined && nowMs < count.conflictUntilMs) {
    return yes(
      "OtherWriter",
      `Something else keeps writing the count; no change before ${instant(count.conflictUntilMs)}. Let only one of the two set it.`,
    );
  }
  return no("NoConflict", "Nobody else keeps writing the count.");
}

function queueShared({ sharedWith, resource }: Facts): State {
  if (sharedWith.length === 0) return no("NotShared", "No other autoscaler names these queues.");
  const others = `Also named by ${sharedWith.join(", ")}`;
  if (resource.spec.mode === "DryRun")
    return no("BesideOther", `${others}; in DryRun nothing is changed, so the two can be compared.`);
  return yes(
    "Shared",
    `${others}: each counts the whole backlog as its own. Delete one, or give each its own queues; for a comparison set spec.mode: DryRun on one.`,
  );
}

function paused({ latest, count }: Facts): State {
  const pause = latest?.spec?.paused;
  if (pause === undefined) return no("NotPaused", "The operator sets the count.");
  if (pause.replicas !== undefined)
    return yes("Annotation", `millrace.dev/paused-replicas keeps the count at ${pause.replicas}.`);
  if (count?.zeroByHand)
    return yes("ZeroByHand", "The count was set to 0 by hand; raise it by hand to go on.");
  return yes("Annotation", "millrace.dev/paused keeps the count as it is.");
}

const percent = (ratio: number): string => `${Math.round(ratio * 1_000) / 10} %`;

function ownedByOther({ spec }: WorkerAutoscaler, { kind, name, remedy }: Owner): string {
  const { kind: target, name: targetName } = spec.scaleTargetRef;
  return `${kind} ${name} scales ${target} ${targetName}; this autoscaler changes nothing. ${remedy}`;
}

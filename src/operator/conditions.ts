import type { Readings } from "../control/contract.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { Latest } from "./autoscaler.ts";
import type { CountMemory } from "./count-memory.ts";

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
};

type State = Pick<Condition, "status" | "reason" | "message">;
const yes = (reason: string, message: string): State => ({ status: "True", reason, message });
const no = (reason: string, message: string): State => ({ status: "False", reason, message });
const unknown = (reason: string, message: string): State => ({ status: "Unknown", reason, message });

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
    ScaleInBlocked: scaleInBlocked(facts),
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

function ready({ latest }: Facts, signals: State): State {
  if (latest === undefined) return unknown("NotLookedYet", "The first cycle has not ended.");
  if (latest.fleet.kind === "unknown")
    return no("TargetUnknown", `The target cannot be observed: ${latest.fleet.because}.`);
  if (signals.status !== "True") return no(signals.reason, signals.message);
  return yes("Deciding", "The target and every queue are known.");
}

function signalsFresh({ latest, sourceProblems }: Facts): State {
  const { readings, spec } = latest ?? {};
  if (readings === undefined || spec === undefined) return unknown("NotLookedYet", "Nothing was read yet.");
  const stale = staleQueues(readings, spec.staleAfterSeconds ?? 30);
  if (stale.length === 0) return yes("Fresh", "Every queue's ready count is known.");
  const why = sourceProblems.length === 0 ? "" : ` ${sourceProblems.join("; ")}.`;
  return no("QueueUnknown", `The ready count of ${stale.join(", ")} is not known.${why}`);
}

function staleQueues(readings: Readings, staleAfterSeconds: number): string[] {
  return readings.queues
    .filter(({ broker }) => broker === undefined || broker.ageSeconds > staleAfterSeconds)
    .map(({ id }) => id);
}

function objectiveMet({ latest, resource }: Facts): State {
  const measured = latest?.verdict?.estimate.attainmentRatio;
  const { waitSeconds, attainmentRatio } = resource.spec.objective;
  if (measured === undefined)
    return unknown("NotMeasured", "The share of jobs that started in time is not known.");
  const sentence = `${percent(measured)} of the jobs started within ${waitSeconds} s; ${percent(attainmentRatio)} are promised.`;
  return measured >= attainmentRatio ? yes("Met", sentence) : no("Missed", sentence);
}

function feasible({ latest }: Facts): State {
  const feasibility = latest?.verdict?.feasibility;
  if (feasibility === undefined) return unknown("NotLookedYet", "Nothing was decided yet.");
  if (feasibility.kind === "infeasible") {
    return no(
      "Infeasible",
      `${feasibility.because} Warm replicas needed: ${feasibility.warmReplicasNeeded}.`,
    );
  }
  return feasibility.kind === "feasible"
    ? yes("Feasible", "Workers start early enough for the promised wait.")
    : unknown("NotMeasured", "Too little was measured to say.");
}

function targetConflict({ count }: Facts, nowMs: number): State {
  if (count !== undefined && nowMs < count.conflictUntilMs) {
    return yes(
      "OtherWriter",
      `Something else keeps writing the count; no change before ${new Date(count.conflictUntilMs).toISOString()}. Let only one of the two set it.`,
    );
  }
  return no("NoConflict", "Nobody else keeps writing the count.");
}

function queueShared({ sharedWith }: Facts): State {
  if (sharedWith.length === 0) return no("NotShared", "No other autoscaler names these queues.");
  return yes("Shared", `Also named by ${sharedWith.join(", ")}: each counts the whole backlog as its own.`);
}

function scaleInBlocked({ latest }: Facts): State {
  const { verdict } = latest ?? {};
  if (verdict?.limitedBy.includes("scale-in-blocked"))
    return yes(pascal(verdict.reason), verdict.explanation);
  return no("NotBlocked", "Nothing keeps the count up but the load.");
}

function capacityBlocked({ latest }: Facts): State {
  if (latest?.readings === undefined || latest.fleet.kind === "unknown")
    return unknown("NotLookedYet", "The target is not known.");
  const { uncreated, starting } = latest.readings.fleet;
  const failing = starting.filter(({ phase }) => phase === "failing").length;
  const notice = latest.fleet.notice === undefined ? "" : ` ${latest.fleet.notice}`;
  if (uncreated > 0)
    return yes("NotCreated", `${uncreated} replicas are asked for and not created.${notice}`);
  if (failing > 0) return yes("Failing", `${failing} replicas fail to start.${notice}`);
  if (latest.verdict?.limitedBy.includes("capacity")) return yes("Capacity", latest.verdict.explanation);
  return no("NotBlocked", "Replicas that were asked for exist.");
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
const pascal = (words: string): string =>
  words.replaceAll(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());

import type { LimitedBy } from "../control/contract.ts";
import type { Reason } from "../control/reason.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { Condition, PromiseVerdict, Summary } from "./contract.ts";

/** All that the verdict rests on. Seconds; absent = not known. */
export type PromiseFacts = Pick<Summary, "predictedWaitSeconds" | "backlog" | "feasibility" | "limitedBy"> & {
  readonly spec: Pick<WorkerAutoscaler["spec"], "objective" | "replicas">;
  readonly conditions: readonly Condition[];
  /** Since the last look; absent before the first. */
  readonly ageSeconds?: number;
  /** A look older than this says nothing about now. */
  readonly staleAfterSeconds: number;
  /** Of the latest verdict; absent when nothing was decided. */
  readonly reason?: Reason;
  /** Replicas on their way. */
  readonly starting: number;
};

export type Judgement = { readonly verdict: PromiseVerdict; readonly sentence: string };

/** Whether the promise is kept, and the sentence that says so with its figures: the first of these that has something to say. */
export function judge(facts: PromiseFacts): Judgement {
  return (
    notSeen(facts) ??
    paused(facts) ??
    notKnown(facts) ??
    broken(facts) ??
    atRisk(facts) ??
    keptAsFarAsMeasured(facts)
  );
}

type Judge = (facts: PromiseFacts) => Judgement | undefined;

const notSeen: Judge = ({ ageSeconds, staleAfterSeconds, conditions }) => {
  if (ageSeconds === undefined) {
    return {
      verdict: "unknown",
      sentence: conditionOf(conditions, "Ready")?.message ?? "It has not been looked at yet.",
    };
  }
  return ageSeconds <= staleAfterSeconds
    ? undefined
    : {
        verdict: "unknown",
        sentence: `It was last looked at ${seconds(ageSeconds)} ago; what has happened since is not known.`,
      };
};

/** With what was measured, as a promise may be broken while nobody may mend it. */
const paused: Judge = ({ conditions }) => {
  const conflict = conditionOf(conditions, "TargetConflict");
  const isOwned = conflict?.status === "True" && conflict.reason === "OwnedByOther";
  const pause = isOwned ? conflict : conditionOf(conditions, "Paused");
  if (pause?.status !== "True") return undefined;
  const met = conditionOf(conditions, "ObjectiveMet");
  const measured = met === undefined || met.status === "Unknown" ? "" : ` ${met.message}`;
  return { verdict: "paused", sentence: `${pause.message}${measured}` };
};

const notKnown: Judge = ({ conditions }) => {
  const ready = conditionOf(conditions, "Ready");
  return ready?.status === "True"
    ? undefined
    : { verdict: "unknown", sentence: ready?.message ?? "Nothing was decided yet." };
};

const broken: Judge = (facts) => {
  const met = conditionOf(facts.conditions, "ObjectiveMet");
  if (met?.status !== "False") return undefined;
  return { verdict: "broken", sentence: [met.message, ...outlook(facts)].join(" ") };
};

const atRisk: Judge = (facts) => {
  const capacity = conditionOf(facts.conditions, "CapacityBlocked");
  if (waitsTooLong(facts)) return { verdict: "at-risk", sentence: outlook(facts).join(" ") };
  if (capacity?.status === "True") return { verdict: "at-risk", sentence: capacity.message };
  const { feasibility } = facts;
  if (feasibility.kind !== "infeasible") return undefined;
  return {
    verdict: "at-risk",
    sentence: `${feasibility.because} Warm replicas needed: ${feasibility.warmReplicasNeeded}.`,
  };
};

function keptAsFarAsMeasured(facts: PromiseFacts): Judgement {
  const met = conditionOf(facts.conditions, "ObjectiveMet");
  if (met?.status === "True")
    return { verdict: "kept", sentence: [met.message, ...outlook(facts)].join(" ") };
  const unmeasured = met?.message ?? "Nothing was measured yet.";
  if (facts.predictedWaitSeconds !== undefined)
    return { verdict: "kept", sentence: [...outlook(facts), unmeasured].join(" ") };
  return facts.backlog === 0
    ? { verdict: "kept", sentence: `No job waits. ${unmeasured}` }
    : { verdict: "unknown", sentence: unmeasured };
}

const waitsTooLong = ({ predictedWaitSeconds, spec }: PromiseFacts): boolean =>
  predictedWaitSeconds !== undefined && predictedWaitSeconds > spec.objective.waitSeconds;

/** What a job that arrives now must expect, and where that is too long, why. At most one sentence. */
function outlook(facts: PromiseFacts): string[] {
  const { predictedWaitSeconds, spec } = facts;
  if (predictedWaitSeconds === undefined) return [];
  if (predictedWaitSeconds < 0.05) return ["A job that comes now starts at once."];
  const expected = `A job that comes now starts within about ${seconds(predictedWaitSeconds)}`;
  if (!waitsTooLong(facts)) return [`${expected}.`];
  const cause = causeOf(facts);
  return [
    `${expected}, and ${seconds(spec.objective.waitSeconds)} are promised${cause === undefined ? "" : `: ${cause}`}.`,
  ];
}

const causes: Readonly<Partial<Record<LimitedBy, (spec: PromiseFacts["spec"]) => string>>> = {
  max: ({ replicas }) => `no more than ${replicas.max} replicas are allowed (spec.replicas.max)`,
  capacity: () => "replicas that were asked for do not come",
  ineffective: () => "more replicas bring no more throughput, as something downstream limits it",
  "scale-out-step": () => "one step adds only so many (spec.scaleOut.maxStep)",
};

function causeOf({ limitedBy, reason, spec, starting }: PromiseFacts): string | undefined {
  if (reason === "scale-out-disabled") return "scale-out is switched off";
  const [cause] = limitedBy.flatMap((limit) => causes[limit]?.(spec) ?? []);
  if (cause !== undefined) return cause;
  return starting === 0
    ? undefined
    : `${starting} more ${starting === 1 ? "replica is" : "replicas are"} starting`;
}

const conditionOf = (conditions: readonly Condition[], type: string): Condition | undefined =>
  conditions.find((condition) => condition.type === type);

/** Rounded up, so that what is over a whole number of seconds is not told as that number. */
const seconds = (value: number): string => `${value < 10 ? Math.ceil(value * 10) / 10 : Math.ceil(value)} s`;

import type { AutoscalerView, Condition, JournalEntry, SavedAutoscaler } from "../operator/ports.ts";
import {
  type WorkerAutoscalerStatus,
  workerAutoscalerStatusSchema,
} from "../resource/worker-autoscaler-status.ts";
import { recordOf } from "./saved-status.ts";
import { maxMessageCharacters } from "./status-changes.ts";

type DecisionView = AutoscalerView["status"]["history"][number];
type StoredCondition = NonNullable<WorkerAutoscalerStatus["conditions"]>[number];

const maxExplanationCharacters = 1_024;
const maxDurableBytes = 2_048;
const historyLength = 10;

/** `status` as it is written. Transition times of conditions that stay as they are come from `earlier`. */
export function statusDocument(
  { resource, view, saved, decision }: JournalEntry,
  earlier: readonly StoredCondition[],
): WorkerAutoscalerStatus {
  const { status } = view;
  const { attainmentRatio, waitSecondsP95 } = status.objective;
  const { attainmentRatio: _ratio, ...estimate } = status.estimate;
  const { generation } = resource.metadata;
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    conditions: status.conditions.map((condition) => storedCondition(condition, { earlier, generation })),
    // What was seen is from before the change.
    replicas: { ...status.replicas, ...(decision?.outcome === "scaled" && { desired: decision.to }) },
    objective: {
      ...(attainmentRatio !== undefined && { attainmentRatio: ratioText(attainmentRatio) }),
      ...(waitSecondsP95 !== undefined && { waitSecondsP95: rounded(waitSecondsP95) }),
    },
    estimate: Object.fromEntries(
      Object.entries(estimate).map(([name, value]) => [name, rounded(value ?? 0)]),
    ),
    ...(status.lastDecision !== undefined && { lastDecision: storedDecision(status.lastDecision) }),
    history: status.history.slice(-historyLength).map(storedDecision),
    ...(saved !== undefined && { durable: durableDocument(saved) }),
  };
}

/** The conditions of a status on the cluster; none where they cannot be read. */
export function conditionsIn(status: unknown): readonly StoredCondition[] {
  const parsed = workerAutoscalerStatusSchema.shape.conditions.safeParse(recordOf(status)["conditions"]);
  return parsed.data ?? [];
}

function storedCondition(
  { type, status, reason, message, lastTransitionTime }: Condition,
  {
    earlier,
    generation,
  }: { readonly earlier: readonly StoredCondition[]; readonly generation: number | undefined },
): StoredCondition {
  const before = earlier.find((condition) => condition.type === type);
  return {
    type,
    status,
    ...(generation !== undefined && { observedGeneration: generation }),
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : lastTransitionTime,
    reason,
    message: message.slice(0, maxMessageCharacters),
  };
}

function storedDecision(decision: DecisionView): NonNullable<WorkerAutoscalerStatus["lastDecision"]> {
  const { time, kind, from, to, recommended, reason, limitedBy, explanation, outcome, problem, repeated } =
    decision;
  return {
    time,
    kind,
    from,
    to,
    recommended,
    reason,
    limitedBy: [...limitedBy],
    explanation: explanation.slice(0, maxExplanationCharacters),
    outcome,
    ...(problem !== undefined && { problem: problem.slice(0, maxExplanationCharacters) }),
    repeated,
  };
}

/** What the next leader goes on from; decisions are in the history. Without what was learned where that makes it too long. */
function durableDocument({ target, count, control }: SavedAutoscaler): Record<string, unknown> {
  const least = { v: 1, target, count };
  const whole = { ...least, ...(control !== undefined && { control }) };
  return Buffer.byteLength(JSON.stringify(whole)) < maxDurableBytes ? whole : least;
}

/** "0.97": as people write a ratio in the spec; 1 is told as "1". */
const ratioText = (ratio: number): string => String(Math.floor(ratio * 1_000) / 1_000);

/** Three digits are what an estimate is worth. */
const rounded = (value: number): number => Number(value.toPrecision(3));

import type { Notes } from "./note.ts";
import type { HpaRules, ScaledObjectSpec } from "./scaled-object.ts";
import { behaviorField, convertSteps } from "./step-limits.ts";

/** KEDA's defaults of maxReplicaCount, pollingInterval and cooldownPeriod. */
const defaultMax = 100;
const defaultPollingSeconds = 30;
const defaultCooldownSeconds = 300;

type Rules = {
  readonly replicas: { readonly min: number; readonly max: number };
  readonly scaleIn?: Readonly<Record<string, number | boolean>>;
  readonly scaleOut?: Readonly<Record<string, number | boolean>>;
  readonly fallback?: Readonly<Record<string, number | string>>;
};

/** Bounds, steps, holds and fallback. What the ScaledObject leaves to KEDA's defaults is left to the defaults here. */
export function convertScalingRules(spec: ScaledObjectSpec, notes: Notes): Rules {
  const replicas = bounds(spec, notes);
  const behavior = spec.advanced?.horizontalPodAutoscalerConfig?.behavior;
  const scaleIn = {
    ...hold(behavior?.scaleDown),
    ...toZero(spec, replicas, notes),
    ...convertSteps(behavior?.scaleDown, { notes, direction: "scaleDown", replicas }),
  };
  const scaleOut = convertSteps(behavior?.scaleUp, { notes, direction: "scaleUp", replicas });
  if (behavior?.scaleUp?.stabilizationWindowSeconds)
    notes.add(
      "no-equal",
      `${behaviorField}.scaleUp.stabilizationWindowSeconds`,
      "waiting before a scale-out breaks the promise for the jobs that wait meanwhile",
    );
  sayWhatIsLeftOut(spec, notes);
  const fallback = fallbackOf(spec, notes);
  return {
    replicas,
    ...(Object.keys(scaleIn).length > 0 && { scaleIn }),
    ...(Object.keys(scaleOut).length > 0 && { scaleOut }),
    ...(fallback !== undefined && { fallback }),
  };
}

function bounds(spec: ScaledObjectSpec, notes: Notes): Rules["replicas"] {
  const { minReplicaCount = 0, idleReplicaCount: idle = minReplicaCount } = spec;
  const min = Math.min(idle, minReplicaCount);
  if (min < minReplicaCount)
    notes.add(
      "changed",
      "spec.idleReplicaCount",
      `replicas.min is ${min}. minReplicaCount ${minReplicaCount} is left out: the first jobs bring as many replicas as they need, which may be fewer than ${minReplicaCount}`,
    );
  return { min, max: mostReplicas(spec, min, notes) };
}

/** Where the HPA may not add replicas, KEDA's step from zero is the most there is. */
function mostReplicas(spec: ScaledObjectSpec, min: number, notes: Notes): number {
  const { minReplicaCount = 0, maxReplicaCount: max = defaultMax } = spec;
  const scaleUp = spec.advanced?.horizontalPodAutoscalerConfig?.behavior?.scaleUp;
  if (min === 0 && scaleUp?.selectPolicy === "Disabled") return Math.min(max, Math.max(1, minReplicaCount));
  if (spec.maxReplicaCount === undefined)
    notes.add(
      "chosen",
      "replicas.max",
      `${defaultMax}, KEDA's default of maxReplicaCount; set what you can afford`,
    );
  return max;
}

function toZero(
  { cooldownPeriod, advanced }: ScaledObjectSpec,
  { min }: Rules["replicas"],
  notes: Notes,
): Record<string, number> {
  if (min === 0 && cooldownPeriod !== undefined) return { toZeroAfterSeconds: cooldownPeriod };
  const { holdSeconds } = hold(advanced?.horizontalPodAutoscalerConfig?.behavior?.scaleDown);
  if (min === 0)
    notes.add(
      "changed",
      "spec.cooldownPeriod",
      `absent: KEDA went to zero after ${defaultCooldownSeconds} s without messages, here it is the hold (${holdSeconds === undefined ? "two fifths of a start-up, at least 6 s" : `${holdSeconds} s`}). To keep the ${defaultCooldownSeconds} s, set scaleIn.toZeroAfterSeconds: ${defaultCooldownSeconds}`,
    );
  else if (cooldownPeriod !== undefined)
    notes.add(
      "no-equal",
      "spec.cooldownPeriod",
      "has no effect with a minReplicaCount above 0, there as here",
    );
  return {};
}

const hold = (rules: HpaRules | undefined): { readonly holdSeconds?: number } =>
  rules?.stabilizationWindowSeconds === undefined ? {} : { holdSeconds: rules.stabilizationWindowSeconds };

const fallbackBehaviors: Readonly<Record<string, string>> = {
  static: "Static",
  currentReplicas: "Hold",
  currentReplicasIfHigher: "AtLeast",
  currentReplicasIfLower: "AtMost",
};

function fallbackOf(
  { fallback, pollingInterval = defaultPollingSeconds }: ScaledObjectSpec,
  notes: Notes,
): Rules["fallback"] {
  if (fallback === undefined) return undefined;
  const behavior = fallbackBehaviors[fallback.behavior];
  if (behavior === undefined) {
    notes.add(
      "no-equal",
      "spec.fallback.behavior",
      `${fallback.behavior}: the count is held while a queue is unknown`,
    );
    return undefined;
  }
  const afterSeconds = fallback.failureThreshold * pollingInterval;
  notes.add(
    "derived",
    "fallback.afterSeconds",
    `${afterSeconds} = failureThreshold ${fallback.failureThreshold} x pollingInterval ${pollingInterval} s; here it counts from the last good sample of a queue`,
  );
  return { afterSeconds, behavior, ...(behavior !== "Hold" && { replicas: fallback.replicas }) };
}

function sayWhatIsLeftOut(spec: ScaledObjectSpec, notes: Notes): void {
  const { advanced } = spec;
  if (spec.pollingInterval !== undefined)
    notes.add(
      "no-equal",
      "spec.pollingInterval",
      "not needed: queues are looked at every cycle (2 s), and empty ones twice a second",
    );
  if (spec.initialCooldownPeriod !== undefined)
    notes.add(
      "no-equal",
      "spec.initialCooldownPeriod",
      "not needed: nothing is removed before enough was measured",
    );
  if (spec.scaleTargetRef.envSourceContainerName !== undefined)
    notes.add(
      "no-equal",
      "spec.scaleTargetRef.envSourceContainerName",
      "not needed: credentials stand in the operator's configuration",
    );
  if (advanced?.horizontalPodAutoscalerConfig?.name !== undefined)
    notes.add(
      "no-equal",
      "spec.advanced.horizontalPodAutoscalerConfig.name",
      "there is no HorizontalPodAutoscaler: the target is scaled directly",
    );
  if (advanced?.restoreToOriginalReplicaCount === true)
    notes.add(
      "no-equal",
      "spec.advanced.restoreToOriginalReplicaCount",
      "deleting the WorkerAutoscaler leaves the replicas as they are",
    );
  if (advanced?.scalingModifiers !== undefined)
    notes.add(
      "no-equal",
      "spec.advanced.scalingModifiers",
      "the formula is left out: every queue is sized by its own load. Another signal can ask for more through floor.promql",
    );
}

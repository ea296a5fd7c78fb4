import type { Notes } from "./note.ts";
import type { HpaRules, ScaledObjectSpec } from "./scaled-object.ts";
import { behaviorField, convertSteps } from "./step-limits.ts";

/** KEDA's default of maxReplicaCount and of pollingInterval. */
const defaultMax = 100;
const defaultPollingSeconds = 30;

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
    ...toZero(spec, notes),
    ...convertSteps(behavior?.scaleDown, { notes, direction: "scaleDown", max: replicas.max }),
  };
  const scaleOut = convertSteps(behavior?.scaleUp, { notes, direction: "scaleUp", max: replicas.max });
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
  const { minReplicaCount: min = 0, maxReplicaCount: max = defaultMax, idleReplicaCount: idle } = spec;
  if (spec.maxReplicaCount === undefined)
    notes.add(
      "chosen",
      "replicas.max",
      `${defaultMax}, KEDA's default of maxReplicaCount; set what you can afford`,
    );
  if (idle === undefined || idle >= min) return { min, max };
  notes.add(
    "changed",
    "spec.idleReplicaCount",
    `replicas.min is ${idle}. minReplicaCount ${min} is left out: the first jobs bring as many replicas as they need, which may be fewer than ${min}`,
  );
  return { min: idle, max };
}

function toZero(
  { cooldownPeriod, minReplicaCount, idleReplicaCount }: ScaledObjectSpec,
  notes: Notes,
): Record<string, number> {
  if (cooldownPeriod === undefined) return {};
  if ((idleReplicaCount ?? minReplicaCount ?? 0) === 0) return { toZeroAfterSeconds: cooldownPeriod };
  notes.add("no-equal", "spec.cooldownPeriod", "has no effect with a minReplicaCount above 0, there as here");
  return {};
}

const hold = (rules: HpaRules | undefined): Record<string, number> =>
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

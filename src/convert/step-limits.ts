import type { Notes } from "./note.ts";
import type { HpaRules } from "./scaled-object.ts";

export const behaviorField = "spec.advanced.horizontalPodAutoscalerConfig.behavior";

type Direction = "scaleDown" | "scaleUp";
type Context = {
  readonly notes: Notes;
  readonly direction: Direction;
  readonly replicas: { readonly min: number; readonly max: number };
};

/** One direction of the HPA's behaviour. A policy of Pods bounds one decision here; of Percent there is no equal. */
export function convertSteps(
  rules: HpaRules | undefined,
  { notes, direction, replicas }: Context,
): Record<string, number | boolean> {
  const field = `${behaviorField}.${direction}`;
  if (rules?.tolerance !== undefined)
    notes.add("no-equal", `${field}.tolerance`, "there is no dead band: the count is what the promise needs");
  if (rules?.selectPolicy === "Disabled") return disabled({ notes, direction, replicas });
  if (rules?.policies?.some(({ type }) => type !== "Pods"))
    notes.add(
      "no-equal",
      `${field}.policies`,
      "a step is bounded by a number of replicas (maxStep), not by a share",
    );
  const maxStep = stepOf(rules);
  if (maxStep === undefined || maxStep >= replicas.max) return {};
  notes.add(
    "changed",
    `${field}.policies`,
    `maxStep ${maxStep} bounds one decision; a decision may come every cycle (2 s), not once in periodSeconds`,
  );
  return { maxStep };
}

/**
 * Disabled binds only the HPA. With a minimum of 0 KEDA itself still starts the first replicas, and removes all of them
 * after cooldownPeriod; `enabled: false` binds here at zero too.
 */
function disabled({ notes, direction, replicas }: Context): Record<string, boolean> {
  if (replicas.min > 0) return { enabled: false };
  const field = `${behaviorField}.${direction}.selectPolicy`;
  if (direction === "scaleUp") {
    notes.add(
      "changed",
      field,
      `Disabled bound only the HPA: from zero KEDA still started ${replicas.max}, and no more, so replicas.max is ${replicas.max}. A higher count that stands there is lowered to it; raise replicas.max to let the load decide`,
    );
    return {};
  }
  notes.add(
    "changed",
    field,
    "Disabled bound only the HPA: KEDA still went to zero after cooldownPeriod. Here scaleIn.idleOnly removes replicas that run no job, before that too, and never a busy one; scaleIn.enabled: false would keep the count for ever",
  );
  return { idleOnly: true };
}

/** The number of replicas that the policies allow at least; undefined where a share may allow more. */
function stepOf(rules: HpaRules | undefined): number | undefined {
  const { policies = [], selectPolicy } = rules ?? {};
  const pods = policies.filter(({ type, value }) => type === "Pods" && value >= 1).map(({ value }) => value);
  if (pods.length === 0) return undefined;
  if (selectPolicy === "Min") return Math.min(...pods);
  return pods.length === policies.length ? Math.max(...pods) : undefined;
}

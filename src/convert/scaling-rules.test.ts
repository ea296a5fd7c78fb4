import { describe, expect, test } from "vitest";
import { Notes } from "./note.ts";
import { scaledObjectSchema } from "./scaled-object.ts";
import { convertScalingRules } from "./scaling-rules.ts";

type Spec = Record<string, unknown>;
const behaviorField = "spec.advanced.horizontalPodAutoscalerConfig.behavior";
const withBehavior = (behavior: object) => ({ advanced: { horizontalPodAutoscalerConfig: { behavior } } });

function rulesOf(spec: Spec = {}) {
  const notes = new Notes();
  const parsed = scaledObjectSchema.shape.spec.parse({
    scaleTargetRef: { name: "order-worker" },
    maxReplicaCount: 40,
    triggers: [{ type: "rabbitmq" }],
    ...spec,
  });
  return { ...convertScalingRules(parsed, notes), notes: notes.list };
}
const said = (kind: string, field: string, message: string) =>
  expect.arrayContaining([{ kind, field, message: expect.stringContaining(message) }]);

test.each([
  ["no bound where a share may allow more", { policies: [pods(5), percent(10)] }, undefined],
  ["the largest of several counts", { policies: [pods(3), pods(5)] }, { maxStep: 5 }],
  ["none where it is not below the maximum", { policies: [pods(40)] }, undefined],
  ["none without policies", { policies: [] }, undefined],
])("steps: %s", (_title, scaleUp, scaleOut) => {
  expect(rulesOf(withBehavior({ scaleUp })).scaleOut).toEqual(scaleOut);
});

describe("where KEDA's HPA may not change the count", () => {
  const disabled = (direction: string, spec: Spec = {}) =>
    rulesOf({ ...withBehavior({ [direction]: { selectPolicy: "Disabled" } }), ...spec });

  test.each([{}, { minReplicaCount: 2, idleReplicaCount: 0 }])(
    "inward with %j, KEDA still goes to zero: so do idle replicas, and busy ones stay",
    (bounds) => {
      const { notes, ...rules } = disabled("scaleDown", { ...bounds, cooldownPeriod: 300 });
      expect(rules.scaleIn).toEqual({ idleOnly: true, toZeroAfterSeconds: 300 });
      expect(notes).toEqual(
        said("changed", `${behaviorField}.scaleDown.selectPolicy`, "scaleIn.idleOnly removes"),
      );
    },
  );

  test.each([
    [{}, 1],
    [{ minReplicaCount: 3, idleReplicaCount: 0 }, 3],
    [{ maxReplicaCount: undefined }, 1],
  ])("outward with %j, KEDA still starts the first from zero: %i are the most", (bounds, max) => {
    const { notes, ...rules } = disabled("scaleUp", bounds);
    expect(rules.replicas).toEqual({ min: 0, max });
    expect(rules).not.toHaveProperty("scaleOut");
    expect(notes).toEqual(
      said(
        "changed",
        `${behaviorField}.scaleUp.selectPolicy`,
        `from zero KEDA still started ${max}, and no more`,
      ),
    );
    expect(notes.some(({ field }) => field === "replicas.max")).toBe(false);
  });

  test.each([
    ["scaleDown", "scaleIn"],
    ["scaleUp", "scaleOut"],
  ])("%s with a minimum above 0, nothing else does either", (direction, field) => {
    const { notes, ...rules } = disabled(direction, { minReplicaCount: 2 });
    expect(rules).toMatchObject({ replicas: { min: 2, max: 40 }, [field]: { enabled: false } });
    expect(notes.filter((note) => note.field.startsWith(behaviorField))).toEqual([]);
  });
});

test("KEDA's default time to zero is not taken over, and told where it counts", () => {
  const { notes, ...rules } = rulesOf();
  expect(rules).not.toHaveProperty("scaleIn");
  expect(notes).toEqual(
    said("changed", "spec.cooldownPeriod", "after 300 s without messages, here it is the hold (two fifths"),
  );
  expect(rulesOf(withBehavior({ scaleDown: { stabilizationWindowSeconds: 60 } })).notes).toEqual(
    said("changed", "spec.cooldownPeriod", "the hold (60 s)"),
  );
  for (const untold of [{ cooldownPeriod: 300 }, { minReplicaCount: 1 }])
    expect(rulesOf(untold).notes.some(({ field }) => field === "spec.cooldownPeriod")).toBe(false);
});

function pods(value: number) {
  return { type: "Pods", value, periodSeconds: 15 };
}
function percent(value: number) {
  return { type: "Percent", value, periodSeconds: 15 };
}

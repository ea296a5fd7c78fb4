import { z } from "zod";

/** ScaledObjects as KEDA 2.21 has them; fields that do not bear on RabbitMQ workers are kept unread. */

/** Trigger metadata is text in KEDA; in a file the quotes may have been forgotten. */
const textMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));
const count = z.int().min(0);

const hpaRules = z.looseObject({
  stabilizationWindowSeconds: count.optional(),
  selectPolicy: z.enum(["Max", "Min", "Disabled"]).optional(),
  policies: z
    .array(z.looseObject({ type: z.string(), value: count, periodSeconds: count.optional() }))
    .optional(),
  tolerance: z.unknown().optional(),
});

const trigger = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  metadata: textMap.default({}),
  metricType: z.string().optional(),
  useCachedMetrics: z.boolean().optional(),
  authenticationRef: z.looseObject({ name: z.string(), kind: z.string().optional() }).optional(),
});

const objectMetadata = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  labels: textMap.optional(),
  annotations: textMap.default({}),
});

const noTriggers =
  "expected a list of at least one: KEDA scales by none without them; add the trigger with the queue that its workers consume";

export const scaledObjectSchema = z.looseObject({
  metadata: objectMetadata,
  spec: z.looseObject({
    scaleTargetRef: z.looseObject({
      name: z.string(),
      apiVersion: z.string().optional(),
      kind: z.string().optional(),
      envSourceContainerName: z.string().optional(),
    }),
    pollingInterval: count.optional(),
    cooldownPeriod: count.optional(),
    initialCooldownPeriod: count.optional(),
    idleReplicaCount: count.optional(),
    minReplicaCount: count.optional(),
    maxReplicaCount: count.optional(),
    fallback: z
      .looseObject({ failureThreshold: count, replicas: count, behavior: z.string().default("static") })
      .optional(),
    advanced: z
      .looseObject({
        restoreToOriginalReplicaCount: z.boolean().optional(),
        scalingModifiers: z.unknown().optional(),
        horizontalPodAutoscalerConfig: z
          .looseObject({
            name: z.string().optional(),
            behavior: z
              .looseObject({ scaleDown: hpaRules.optional(), scaleUp: hpaRules.optional() })
              .optional(),
          })
          .optional(),
      })
      .optional(),
    triggers: z.array(trigger, { error: noTriggers }).min(1, { error: noTriggers }),
  }),
});

/** Paths of what KEDA may have added since: `spec.advanced.newer`. */
export function unknownFields(spec: unknown): readonly string[] {
  return unknownBelow(scaledObjectSchema.shape.spec, spec, "spec");
}

function unknownBelow(schema: unknown, value: unknown, path: string): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return unknownBelow(schema.unwrap(), value, path);
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.flatMap((item, index) => unknownBelow(schema.element, item, `${path}[${index}]`));
  if (!(schema instanceof z.ZodObject) || typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = `${path}.${key}`;
    return key in schema.shape ? unknownBelow(schema.shape[key], inner, field) : [field];
  });
}

export type ScaledObject = z.output<typeof scaledObjectSchema>;
export type ScaledObjectSpec = ScaledObject["spec"];
export type Trigger = ScaledObjectSpec["triggers"][number];
export type HpaRules = z.output<typeof hpaRules>;

/** A TriggerAuthentication or ClusterTriggerAuthentication: only where it takes what from. */
export const authenticationSchema = z.looseObject({
  kind: z.enum(["TriggerAuthentication", "ClusterTriggerAuthentication"]),
  metadata: objectMetadata,
  spec: z
    .looseObject({
      secretTargetRef: z
        .array(z.looseObject({ parameter: z.string(), name: z.string(), key: z.string() }))
        .default([]),
    })
    .default({ secretTargetRef: [] }),
});
export type Authentication = z.output<typeof authenticationSchema>;

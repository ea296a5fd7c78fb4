import { z } from "zod";
import { apiVersion } from "./fields.ts";
import { workerAutoscalerSchema } from "./worker-autoscaler.ts";
import { workerAutoscalerStatusSchema } from "./worker-autoscaler-status.ts";

/** A schema as the API server takes it: OpenAPI v3, structural. */
export type StructuralSchema = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly items?: StructuralSchema;
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[];
};

/** Columns of `kubectl get wa`; those of priority 1 only with `-o wide`. */
const printerColumns = [
  { name: "Target", type: "string", jsonPath: ".spec.scaleTargetRef.name", description: "What is scaled." },
  {
    name: "Wait",
    type: "number",
    jsonPath: ".spec.objective.waitSeconds",
    description: "The promised wait, in seconds.",
  },
  {
    name: "Attained",
    type: "string",
    jsonPath: ".status.objective.attainmentRatio",
    description: "Share of the jobs that started within it.",
  },
  {
    name: "Ready",
    type: "integer",
    jsonPath: ".status.replicas.ready",
    description: "Replicas that can take a job.",
  },
  {
    name: "Desired",
    type: "integer",
    jsonPath: ".status.replicas.desired",
    description: "Replicas that the target is asked for.",
  },
  {
    name: "Reason",
    type: "string",
    jsonPath: ".status.lastDecision.reason",
    description: "Why this count.",
  },
  {
    name: "Age",
    type: "date",
    jsonPath: ".metadata.creationTimestamp",
    description: "Since it was created.",
  },
  { name: "Mode", type: "string", jsonPath: ".spec.mode", description: "Active or DryRun.", priority: 1 },
  { name: "Min", type: "integer", jsonPath: ".spec.replicas.min", description: "Lower bound.", priority: 1 },
  { name: "Max", type: "integer", jsonPath: ".spec.replicas.max", description: "Upper bound.", priority: 1 },
  {
    name: "Recommended",
    type: "integer",
    jsonPath: ".status.replicas.recommended",
    description: "What the load needs, before limits, holds, pause and DryRun.",
    priority: 1,
  },
  {
    name: "Message",
    type: "string",
    jsonPath: '.status.conditions[?(@.type=="Ready")].message',
    description: "Whether it can decide, and what to do if it cannot.",
    priority: 1,
  },
] as const;

const [group = "", version = ""] = apiVersion.split("/");

/** The CustomResourceDefinition of WorkerAutoscaler: its schema is the one that resources in files are parsed with. */
export const customResourceDefinition = () => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `workerautoscalers.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: {
      kind: "WorkerAutoscaler",
      listKind: "WorkerAutoscalerList",
      plural: "workerautoscalers",
      singular: "workerautoscaler",
      shortNames: ["wa"],
      categories: ["all"],
    },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        additionalPrinterColumns: printerColumns,
        subresources: { status: {} },
        schema: { openAPIV3Schema: resourceSchema() },
      },
    ],
  },
});

function resourceSchema(): StructuralSchema {
  return {
    type: "object",
    description:
      "A promise in seconds for the jobs of some RabbitMQ queues, kept by scaling the workers that consume them.",
    required: ["spec"],
    properties: {
      apiVersion: { type: "string", description: "millrace.dev/v1alpha1." },
      kind: { type: "string", description: "WorkerAutoscaler." },
      metadata: { type: "object" },
      spec: structural(workerAutoscalerSchema.shape.spec),
      status: structural(workerAutoscalerStatusSchema),
    },
  };
}

/** What people look for first stands first. */
const keyOrder = ["description", "type", "format", "default", "enum"];

function structural(schema: z.ZodType): StructuralSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: "input",
    target: "openapi-3.0",
    override: ({ jsonSchema }) => {
      // The API server drops unknown fields where a schema lists its properties, and refuses to be told so.
      delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (Object.keys(jsonSchema.properties ?? {}).length === 0) delete jsonSchema.properties;
      for (const key of Object.keys(jsonSchema).toSorted(byKeyOrder)) {
        const value = jsonSchema[key];
        delete jsonSchema[key];
        jsonSchema[key] = value;
      }
    },
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what zod writes for this target is the OpenAPI subset named in StructuralSchema
  return json as StructuralSchema;
}

const rankOf = (key: string): number => (keyOrder.includes(key) ? keyOrder.indexOf(key) : keyOrder.length);
const byKeyOrder = (a: string, b: string): number => rankOf(a) - rankOf(b);

import { z } from "zod";
import { apiVersion, metadata, objectName, positiveSeconds, ratio, text, wholeNumber } from "./fields.ts";
import { pauseProblems } from "./pause.ts";
import { queues } from "./queue-list.ts";
import { fallback, floor, replicas, scaleIn, scaleOut } from "./scaling-rules.ts";
import { schedules } from "./schedule-list.ts";

const scaleTargetRef = z
  .strictObject(
    {
      apiVersion: text("apps/v1").default("apps/v1").meta({ description: "Its API group and version." }),
      kind: text("Deployment", 63).default("Deployment").meta({ description: "Its kind." }),
      name: objectName.meta({ description: "Its name, in the namespace of this resource." }),
    },
    {
      error:
        "required: what to scale, for example { apiVersion: apps/v1, kind: Deployment, name: image-worker }",
    },
  )
  .meta({
    description:
      "What is scaled: a Deployment, a StatefulSet, a ReplicaSet, or any other kind with a scale subresource.",
  });

const objective = z
  .strictObject(
    {
      waitSeconds: positiveSeconds().meta({
        description:
          "The promise, in seconds: how long a job may wait from the moment it may run until a worker starts it.",
      }),
      attainmentRatio: ratio.prefault("0.95").meta({
        description: "The share of jobs that must start within the wait: a ratio as text, in quotes.",
      }),
      serviceSeconds: positiveSeconds().optional().meta({
        description: "How long a job may run, in seconds. Feeds alerts only. When absent, no such alert.",
      }),
      ackTimeoutSeconds: positiveSeconds().optional().meta({
        description:
          "The broker's acknowledgement timeout, in seconds. Feeds alerts only. When absent, RabbitMQ's default of 30 minutes.",
      }),
    },
    { error: "required: the promise, for example { waitSeconds: 15 }" },
  )
  .meta({ description: "What is promised to the jobs." });

const spec = z
  .strictObject(
    {
      scaleTargetRef,
      queues,
      slotSharing: z
        .enum(["Shared", "PerQueue"], { error: "expected Shared or PerQueue" })
        .default("Shared")
        .meta({
          description:
            "Shared: a worker's slot takes jobs of every queue. PerQueue: each queue has slots of its own in every replica.",
        }),
      broker: text("default", 63).default("default").meta({
        description:
          "A broker named in the operator's configuration, which says who may use it. Credentials stand there, never here.",
      }),
      objective,
      replicas,
      slotsPerReplica: wholeNumber(1, 10_000)
        .optional()
        .meta({ description: "Jobs that one replica runs at a time. When absent, measured, else 1." }),
      expectedServiceSeconds: positiveSeconds().optional().meta({
        description:
          "How long a job runs on average, in seconds: assumed until it is measured. When absent, learned from the first jobs.",
      }),
      mode: z
        .enum(["Active", "DryRun"], { error: "expected Active or DryRun" })
        .default("Active")
        .meta({ description: "DryRun: decides and reports, and never changes the target." }),
      schedules,
      floor,
      fallback,
      scaleIn,
      scaleOut,
    },
    { error: "required: an object with scaleTargetRef, queues, objective and replicas" },
  )
  .meta({ description: "What a person asks for." });

/** `WorkerAutoscaler`: the promise for the queues of one scaled thing. Times in seconds; every default stands here. */
export const workerAutoscalerSchema = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal("WorkerAutoscaler"),
  metadata: metadata.superRefine((data, context) => {
    for (const problem of pauseProblems(data.annotations)) {
      context.addIssue({
        code: "custom",
        path: ["annotations", problem.annotation],
        message: problem.message,
      });
    }
  }),
  spec,
  status: z.unknown().optional(),
});

export type WorkerAutoscaler = z.output<typeof workerAutoscalerSchema>;
export type WorkerAutoscalerSpec = WorkerAutoscaler["spec"];

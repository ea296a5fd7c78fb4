import { z } from "zod";

const count = z.int().min(0);
const time = z.string().meta({ format: "date-time" });

const condition = z
  .strictObject({
    type: z.string().max(316).meta({ description: "What the condition is about." }),
    status: z
      .enum(["True", "False", "Unknown"])
      .meta({ description: "Whether it is so; Unknown while too little is known to say." }),
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .meta({ description: "The generation of the spec that it speaks of." }),
    lastTransitionTime: time.meta({ description: "Since when the status is what it is." }),
    reason: z.string().min(1).max(1_024).meta({ description: "One CamelCase word." }),
    message: z.string().max(32_768).meta({ description: "A sentence, with the remedy where one is needed." }),
  })
  .meta({ description: "One thing that is so, is not so, or is not known." });

const decision = z
  .strictObject({
    time: time.meta({ description: "When it was made." }),
    kind: z.enum(["hold", "scale"]).optional().meta({ description: "Whether it changes the count." }),
    from: count.meta({ description: "The count that it found." }),
    to: count.meta({ description: "The count that it wants." }),
    recommended: count
      .optional()
      .meta({ description: "What the load needs, before limits, holds, pause and DryRun." }),
    reason: z.string().meta({ description: "Why, as one word; the same as in logs, Events and metrics." }),
    limitedBy: z.array(z.string()).max(32).optional().meta({
      description: "The rules that changed the number, in order of precedence.",
      "x-kubernetes-list-type": "atomic",
    }),
    explanation: z.string().meta({ description: "Why, as one sentence with the numbers in it." }),
    outcome: z
      .string()
      .optional()
      .meta({ description: "What came of it: held, scaled, dry-run, conflict or failed." }),
    problem: z.string().optional().meta({ description: "What went wrong, if it did." }),
    repeated: count.optional().meta({ description: "How many times in a row the same decision came again." }),
  })
  .meta({ description: "A decision and what came of it." });

const estimate = z
  .strictObject({
    arrivalsPerSecond: z.number().optional().meta({ description: "Jobs that arrive, per second." }),
    serviceSeconds: z.number().optional().meta({ description: "How long a job runs, mean, in seconds." }),
    offeredLoad: z
      .number()
      .optional()
      .meta({ description: "Slots that the arriving work keeps busy, in erlangs." }),
    startupSeconds: z
      .number()
      .optional()
      .meta({ description: "From a replica's creation to its first job, median, in seconds." }),
    predictedWaitSeconds: z
      .number()
      .optional()
      .meta({ description: "Wait of a job that arrives now, in seconds." }),
  })
  .meta({ description: "What the last decision rests on. What is absent is not known." });

/**
 * `status` of a WorkerAutoscaler. What is absent is not known, never zero. Seconds and rates are numbers; a ratio is
 * decimal text, as in the spec, so that `kubectl` prints what was written.
 */
export const workerAutoscalerStatusSchema = z
  .strictObject({
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .meta({ description: "The generation of the spec that the operator acts on." }),
    conditions: z
      .array(condition)
      .max(32)
      .optional()
      .meta({
        description:
          "True is good for Ready, SignalsFresh, ObjectiveMet and ObjectiveFeasible. For TargetConflict, QueueShared, ScaleInBlocked, CapacityBlocked and Paused, True means that the thing named is so.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
      }),
    replicas: z
      .strictObject({
        current: count.optional().meta({ description: "Replicas that exist, those that start included." }),
        desired: count.optional().meta({ description: "Replicas that the target is asked for now." }),
        recommended: count.optional().meta({
          description: "What the load needs, before limits, holds, pause and DryRun.",
        }),
        ready: count.optional().meta({ description: "Replicas that can take a job." }),
      })
      .optional()
      .meta({ description: "Counts of the target's replicas." }),
    objective: z
      .strictObject({
        attainmentRatio: z
          .string()
          .max(10)
          .optional()
          .meta({ description: "Share of the jobs that started within the promised wait: a ratio as text." }),
        waitSecondsP95: z
          .number()
          .optional()
          .meta({ description: "95 of 100 jobs waited at most this long, in seconds." }),
      })
      .optional()
      .meta({ description: "How the promise is kept, as the workers' own metrics tell." }),
    estimate: estimate.optional(),
    lastDecision: decision.optional(),
    history: z.array(decision).max(10).optional().meta({
      description: "The last ten decisions that changed the count, or would have; oldest first.",
      "x-kubernetes-list-type": "atomic",
    }),
    durable: z.looseObject({}).optional().meta({
      description:
        "What the next leader goes on from, under 2 KiB. For the operator alone: its shape changes without notice.",
      "x-kubernetes-preserve-unknown-fields": true,
    }),
  })
  .meta({ description: "What the operator knows and does. Written by the operator only." });

export type WorkerAutoscalerStatus = z.output<typeof workerAutoscalerStatusSchema>;

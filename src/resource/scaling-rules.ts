import { z } from "zod";
import { enforced, rule } from "./cluster-rule.ts";
import { flag, maxReplicas, seconds, text, wholeNumber } from "./fields.ts";

/** `spec.replicas`. */
export const replicas = z
  .strictObject(
    {
      min: wholeNumber(0, maxReplicas)
        .default(0)
        .meta({ description: "Never fewer replicas. 0: none while there is nothing to do." }),
      max: wholeNumber(1, maxReplicas).meta({ description: "Never more replicas." }),
    },
    { error: "required: the bounds, for example { min: 0, max: 50 }" },
  )
  .superRefine(({ min, max }, context) => {
    if (min > max) {
      context.addIssue({
        code: "custom",
        path: ["min"],
        message: `min ${min} is above max ${max}: lower min or raise max`,
      });
    }
  })
  .meta({
    description: "The bounds of what may be asked for.",
    ...enforced(
      rule("self.min <= self.max", "min is above max: lower min or raise max", { fieldPath: ".min" }),
    ),
  });

const replicasMessage = "required with behavior Static, AtLeast and AtMost";

/** `spec.fallback`. */
export const fallback = z
  .strictObject({
    afterSeconds: seconds().default(120).meta({
      description: "How long a queue must have been unknown, in seconds since its last good sample.",
    }),
    behavior: z
      .enum(["Hold", "Max", "Static", "AtLeast", "AtMost"], {
        error: "expected Hold, Max, Static, AtLeast or AtMost",
      })
      .default("Hold")
      .meta({
        description:
          "Hold keeps the count. Max asks for replicas.max. Static asks for exactly fallback.replicas, AtLeast for no fewer, AtMost for no more.",
      }),
    replicas: wholeNumber(0, maxReplicas)
      .optional()
      .meta({ description: "The number for Static, AtLeast and AtMost; required with these." }),
  })
  .superRefine((one, context) => {
    const needsReplicas = one.behavior !== "Hold" && one.behavior !== "Max";
    if (needsReplicas && one.replicas === undefined) {
      context.addIssue({
        code: "custom",
        path: ["replicas"],
        message: replicasMessage,
      });
    }
  })
  .optional()
  .meta({
    description:
      "Takes over when the ready count of any queue has been unknown for too long. Obeys min, max and steps, not holds. When absent, the count is held for as long as a queue is unknown.",
    ...enforced(
      rule("self.behavior in ['Hold', 'Max'] || has(self.replicas)", replicasMessage, {
        fieldPath: ".replicas",
      }),
    ),
  });

/** `spec.floor`. */
export const floor = z
  .strictObject({
    promql: text("'ceil(max(my_lag) / 100)'", 4_096).meta({
      description:
        "A PromQL expression with one value: the least number of replicas. Checked by the operator.",
    }),
  })
  .optional()
  .meta({ description: "Another signal that may ask for more replicas, never for fewer." });

/** `spec.scaleIn`. */
export const scaleIn = z
  .strictObject({
    enabled: flag.optional().meta({ description: "false: the count never shrinks. When absent, true." }),
    holdSeconds: seconds().optional().meta({
      description:
        "Fewer replicas must have been enough for this long, in seconds. When absent, two fifths of a start-up, at least 6. While the promise cannot be kept, as replicas start too slowly for it, three start-ups where that is longer, at most 120.",
    }),
    toZeroAfterSeconds: seconds().optional().meta({
      description:
        "Nothing ready, unacknowledged or running for this long, in seconds, before the last replica goes. When absent, the hold.",
    }),
    maxStep: wholeNumber(1, maxReplicas)
      .optional()
      .meta({ description: "At most so many replicas removed by one decision. When absent, no limit." }),
    idleOnly: flag.optional().meta({
      description:
        "true: remove only replicas that run no job. When absent, false: one whose jobs end within its termination grace may go too.",
    }),
  })
  .optional()
  .meta({ description: "How the count may shrink." });

/** `spec.scaleOut`. */
export const scaleOut = z
  .strictObject({
    enabled: flag.optional().meta({
      description:
        "false: the count never grows by itself, schedules and floor included, except up to replicas.min. When absent, true.",
    }),
    maxStep: wholeNumber(1, maxReplicas)
      .optional()
      .meta({ description: "At most so many replicas added by one decision. When absent, no limit." }),
  })
  .optional()
  .meta({ description: "How the count may grow." });

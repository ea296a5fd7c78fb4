import { z } from "zod";
import { parseCron } from "./cron.ts";
import {
  apiVersion,
  flag,
  maxReplicas,
  metadata,
  objectName,
  positiveSeconds,
  ratio,
  seconds,
  text,
  wholeNumber,
} from "./fields.ts";
import { pauseProblems } from "./pause.ts";
import { isTimeZone } from "./zoned-time.ts";

const maxQueues = 100;
const maxSchedules = 50;
/** Anchored, and at least one literal character after the anchor: a pattern must not be able to take in every queue. */
const boundedPattern = /^\^(?:[A-Za-z0-9_-]|\\\.)/;

const isRegularExpression = (pattern: string): boolean => {
  try {
    return new RegExp(pattern, "u") instanceof RegExp;
  } catch {
    return false;
  }
};

const queue = z
  .strictObject(
    {
      name: text("jobs.image.blur").max(255, "expected at most 255 characters").optional(),
      pattern: text('"^jobs\\\\.mail\\\\."')
        .max(255, "expected at most 255 characters")
        .refine(isRegularExpression, "expected a regular expression")
        .refine(
          (pattern) => boundedPattern.test(pattern),
          "unbounded: start it with ^ and at least one literal character, for example ^jobs\\.mail\\.",
        )
        .optional(),
      vhost: text("/").default("/"),
      waitSeconds: positiveSeconds().optional(),
    },
    { error: "expected an object with a name or a pattern" },
  )
  .refine((one) => (one.name === undefined) !== (one.pattern === undefined), {
    error: "expected either name or pattern, and not both",
  });

const queues = z
  .array(queue, { error: "required: at least one queue, for example [{ name: jobs.image.blur }]" })
  .min(1, "empty: name at least one queue, for example [{ name: jobs.image.blur }]")
  .max(maxQueues, `expected at most ${maxQueues} queues`)
  .superRefine((list, context) => {
    const seen = new Map<string, number>();
    list.forEach((one, index) => {
      const identity = JSON.stringify([one.vhost, one.name, one.pattern]);
      const first = seen.get(identity);
      if (first === undefined) seen.set(identity, index);
      else
        context.addIssue({
          code: "custom",
          path: [index],
          message: `the same as queues[${first}]: name each queue once`,
        });
    });
  });

const schedule = z.strictObject({
  name: text("office-hours"),
  timezone: text("Europe/Kyiv")
    .refine(isTimeZone, "unknown time zone: expected an IANA name such as Europe/Kyiv")
    .default("UTC"),
  start: text('"0 8 * * 1-5"').superRefine((expression, context) => {
    const parsed = parseCron(expression);
    if (parsed.kind === "invalid") context.addIssue({ code: "custom", message: parsed.because });
  }),
  durationSeconds: positiveSeconds(2_678_400),
  minReplicas: wholeNumber(0, maxReplicas),
});

const schedules = z
  .array(schedule)
  .max(maxSchedules, `expected at most ${maxSchedules} schedules`)
  .superRefine((list, context) => {
    list.forEach((one, index) => {
      if (list.findIndex((other) => other.name === one.name) < index) {
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: `"${one.name}" is used twice: give each schedule its own name`,
        });
      }
    });
  });

const fallback = z
  .strictObject({
    afterSeconds: seconds().default(120),
    behavior: z
      .enum(["Hold", "Max", "Static", "AtLeast", "AtMost"], {
        error: "expected Hold, Max, Static, AtLeast or AtMost",
      })
      .default("Hold"),
    replicas: wholeNumber(0, maxReplicas).optional(),
  })
  .superRefine((one, context) => {
    const needsReplicas = one.behavior !== "Hold" && one.behavior !== "Max";
    if (needsReplicas && one.replicas === undefined) {
      context.addIssue({
        code: "custom",
        path: ["replicas"],
        message: `required with behavior ${one.behavior}`,
      });
    }
  });

const replicas = z
  .strictObject(
    { min: wholeNumber(0, maxReplicas).default(0), max: wholeNumber(1, maxReplicas) },
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
  });

const scaleTargetRef = z.strictObject(
  {
    apiVersion: text("apps/v1").default("apps/v1"),
    kind: text("Deployment").default("Deployment"),
    name: objectName,
  },
  {
    error:
      "required: what to scale, for example { apiVersion: apps/v1, kind: Deployment, name: image-worker }",
  },
);

const objective = z.strictObject(
  {
    waitSeconds: positiveSeconds(),
    attainmentRatio: ratio.default(0.95),
    serviceSeconds: positiveSeconds().optional(),
    ackTimeoutSeconds: positiveSeconds().optional(),
  },
  { error: "required: the promise, for example { waitSeconds: 15 }" },
);

const spec = z.strictObject(
  {
    scaleTargetRef,
    queues,
    slotSharing: z.enum(["Shared", "PerQueue"], { error: "expected Shared or PerQueue" }).default("Shared"),
    broker: text("default").default("default"),
    objective,
    replicas,
    slotsPerReplica: wholeNumber(1, 10_000).optional(),
    expectedServiceSeconds: positiveSeconds().optional(),
    mode: z.enum(["Active", "DryRun"], { error: "expected Active or DryRun" }).default("Active"),
    schedules: schedules.default([]),
    floor: z.strictObject({ promql: text("'ceil(max(my_lag) / 100)'") }).optional(),
    fallback: fallback.optional(),
    scaleIn: z
      .strictObject({
        enabled: flag.optional(),
        holdSeconds: seconds().optional(),
        toZeroAfterSeconds: seconds().optional(),
        maxStep: wholeNumber(1, maxReplicas).optional(),
        idleOnly: flag.optional(),
      })
      .optional(),
    scaleOut: z
      .strictObject({ enabled: flag.optional(), maxStep: wholeNumber(1, maxReplicas).optional() })
      .optional(),
  },
  { error: "required: an object with scaleTargetRef, queues, objective and replicas" },
);

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

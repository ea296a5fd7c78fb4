import { z } from "zod";
import { parseCron } from "./cron.ts";
import { maxReplicas, positiveSeconds, text, wholeNumber } from "./fields.ts";
import { isTimeZone } from "./zoned-time.ts";

const maxSchedules = 50;

const schedule = z
  .strictObject({
    name: text("office-hours", 63).meta({
      description: "Names the schedule in decisions; once in the list.",
    }),
    timezone: text("Europe/Kyiv", 64)
      .refine(isTimeZone, "unknown time zone: expected an IANA name such as Europe/Kyiv")
      .default("UTC")
      .meta({ description: "IANA name of the time zone that start is told in. Checked by the operator." }),
    start: text('"0 8 * * 1-5"', 128)
      .superRefine((expression, context) => {
        const parsed = parseCron(expression);
        if (parsed.kind === "invalid") context.addIssue({ code: "custom", message: parsed.because });
      })
      .meta({
        description:
          "When it begins: a cron expression of five fields (minute, hour, day of month, month, weekday) on the wall clock of the time zone. Checked by the operator.",
      }),
    durationSeconds: positiveSeconds(2_678_400).meta({
      description: "How long it lasts, in seconds of real time, whatever the clocks do meanwhile.",
    }),
    minReplicas: wholeNumber(0, maxReplicas).meta({
      description: "At least so many replicas while it lasts; replicas.max still bounds them.",
    }),
  })
  .meta({ description: "A time in which more replicas are kept." });

/** `spec.schedules`. */
export const schedules = z
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
  })
  .default([])
  .meta({
    description:
      "Times in which more replicas are kept. Where several run at once the largest number counts.",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
  });

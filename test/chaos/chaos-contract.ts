import { z } from "zod";
import { defineJob } from "../../kit/src/job/define-job.ts";

export const chaosContract = defineJob({
  type: "chaos",
  payload: z.strictObject({
    /** Service time. */
    milliseconds: z.number(),
    /** How many first attempts fail. */
    failures: z.number(),
    /** Every attempt fails. */
    poison: z.boolean(),
  }),
  attempts: 3,
});

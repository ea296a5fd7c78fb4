import { z } from "zod";
import { defineJob } from "../../kit/src/job/define-job.ts";

/** Does nothing for a while: for demos and benches, where the service time must be known. */
export const sleepContract = defineJob({
  type: "sleep",
  payload: z.strictObject({
    /** Service time. */
    seconds: z.number().min(0).max(3_600),
  }),
});

import { z } from "zod";
import { defineJob } from "../../kit/src/job/define-job.ts";

/** One plain text mail to one recipient. */
export const emailContract = defineJob({
  type: "email",
  payload: z.strictObject({
    to: z.email(),
    from: z.email(),
    /** One line: a line break would begin another header. */
    subject: z
      .string()
      .min(1)
      .max(998)
      .regex(/^[^\r\n]*$/, "expected one line"),
    /** The text of the mail. */
    content: z.string().max(262_144),
  }),
  timeoutSeconds: 120,
});

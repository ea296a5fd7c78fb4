import { z } from "zod";
import { apiVersion, metadata, seconds, text } from "./fields.ts";

/** `ProcessPool`: workers as processes of this machine, so that the whole loop runs without Kubernetes. Read from files only. */
export const processPoolSchema = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal("ProcessPool"),
  metadata,
  spec: z.strictObject(
    {
      /** The program and its arguments, no shell. */
      command: z
        .array(text("node"), {
          error: "required: the program and its arguments, for example [node, worker.js]",
        })
        .min(1, "empty: name the program, for example [node, worker.js]"),
      env: z.record(z.string(), z.string({ error: "expected text; put the value in quotes" })).default({}),
      /** From SIGTERM to SIGKILL. */
      terminationGracePeriodSeconds: seconds(86_400).default(30),
      /** Where a worker serves its metrics. */
      metricsPath: text("/metrics").startsWith("/", "expected a path such as /metrics").default("/metrics"),
    },
    { error: "required: an object with a command" },
  ),
});

export type ProcessPool = z.output<typeof processPoolSchema>;

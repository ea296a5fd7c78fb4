import { z } from "zod";
import { enforced, rule } from "./cluster-rule.ts";

/** Building blocks of the resource schemas. Each message says what was expected and gives a value that would do. */

const dnsName = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
const dnsMessage = "expected lower-case letters, digits, '-' and '.', for example image-worker";

export const objectName = z
  .string({
    error: (issue) => (issue.input === undefined ? "required: a name such as image-worker" : "expected text"),
  })
  .max(253, "expected at most 253 characters")
  .refine((name) => new RegExp(dnsName).test(name), dnsMessage)
  .meta(enforced(rule(`self.matches(r'${dnsName}')`, dnsMessage)));

/** Not empty, and at most `most` characters. */
export const text = (example: string, most = 255) =>
  z
    .string({
      error: (issue) =>
        issue.input === undefined
          ? `required, for example ${example}`
          : `expected text, for example ${example}`,
    })
    .min(1, `expected text, for example ${example}`)
    .max(most, `expected at most ${most} characters`);

/** Seconds above zero; `most` bounds what can sensibly be meant. */
export const positiveSeconds = (most = 31_536_000) => {
  const message = `expected seconds above 0 and at most ${most}, for example 15`;
  return z.number({ error: message }).gt(0, message).max(most, message);
};

/** Seconds, zero allowed. */
export const seconds = (most = 31_536_000) => {
  const message = `expected seconds from 0 to ${most}, for example 60`;
  return z.number({ error: message }).min(0, message).max(most, message);
};

export const wholeNumber = (least: number, most: number) => {
  const message = `expected a whole number from ${least} to ${most}`;
  return z.int({ error: message }).min(least, message).max(most, message);
};

const ratioPattern = "^0?[.][0-9]*[1-9][0-9]*$";
const ratioMessage = 'expected a ratio in quotes, between 0 and 1, both excluded, for example "0.95"';

/** A ratio in (0,1), as decimal text: the way Kubernetes carries fractions. A number once it is parsed. */
export const ratio = z
  .string({ error: ratioMessage })
  .max(10, ratioMessage)
  .refine((value) => new RegExp(ratioPattern).test(value), ratioMessage)
  .meta(enforced(rule(`self.matches(r'${ratioPattern}')`, ratioMessage)))
  .transform(Number);

export const flag = z.boolean({ error: "expected true or false" });

/** At most this many replicas are ever asked for, whatever a resource says. */
export const maxReplicas = 10_000;
export const apiVersion = "millrace.dev/v1alpha1";

/** Metadata of an object, as written by people or answered by an API server. */
export const metadata = z.strictObject(
  {
    name: objectName,
    namespace: objectName.default("default"),
    labels: z.record(z.string(), z.string({ error: "expected text; put the value in quotes" })).optional(),
    annotations: z
      .record(z.string(), z.string({ error: "expected text; put the value in quotes" }))
      .default({}),
    generateName: z.unknown().optional(),
    selfLink: z.unknown().optional(),
    uid: z.unknown().optional(),
    resourceVersion: z.unknown().optional(),
    generation: z.int().optional(),
    creationTimestamp: z.unknown().optional(),
    deletionTimestamp: z.unknown().optional(),
    deletionGracePeriodSeconds: z.unknown().optional(),
    managedFields: z.unknown().optional(),
    finalizers: z.unknown().optional(),
    ownerReferences: z.unknown().optional(),
  },
  { error: "required: an object with at least a name" },
);

import { z } from "zod";
import { httpCredentialSchema } from "../credentials/credential-options.ts";
import { address, problemsOf, text } from "../credentials/fields.ts";
import { tlsSchema } from "../credentials/tls-options.ts";

const label = (example: string) =>
  z
    .string({ error: `expected the name of a label, for example ${example}` })
    .regex(/^([a-zA-Z_]\w*)?$/, `expected the name of a label, for example ${example}`);

const labels = z.strictObject({
  /** Empty: the workers have no such label, and it is not compared. The same for vhost. */
  broker: label("broker").exactOptional(),
  vhost: label("vhost").exactOptional(),
  queue: label("queue").min(1, "expected the name of a label, for example queue").exactOptional(),
  /** Together they name one replica. */
  replica: z.array(label("instance")).min(1, "expected labels, for example [job, instance]").exactOptional(),
  pod: label("pod").exactOptional(),
});

const prometheusSchema = z.strictObject(
  {
    /** Base address; a path prefix stays. */
    url: address(["http:", "https:"], "http://prometheus-operated.monitoring:9090"),
    credentials: httpCredentialSchema.exactOptional(),
    /** Sent with each request. */
    headers: z
      .record(
        z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, "expected the name of a header, for example X-Scope-OrgID"),
        z
          .string({ error: "expected text; put the value in quotes" })
          .regex(/^[^\r\n\0]*$/, "expected one line"),
      )
      .exactOptional(),
    tls: tlsSchema.exactOptional(),
    /** How often Prometheus asks the workers. Default 5. */
    scrapeIntervalSeconds: z
      .number({ error: "expected seconds from 1 to 300, for example 15" })
      .min(1, "expected seconds from 1 to 300, for example 15")
      .max(300, "expected seconds from 1 to 300, for example 15")
      .exactOptional(),
    /** More label matchers for every query, as PromQL. */
    matchers: text('namespace="shop"').exactOptional(),
    /** Names of labels, where they differ from those of our workers. */
    labels: labels.exactOptional(),
  },
  { error: "required: an object with at least a url" },
);

const fileSchema = z.strictObject(
  { prometheus: prometheusSchema },
  { error: "expected an object with `prometheus`" },
);

export type PrometheusParse =
  | { readonly kind: "prometheus"; readonly prometheus: Readonly<z.infer<typeof prometheusSchema>> }
  /** One line each: the path in the document, and what to do. */
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** Reads the Prometheus file, already parsed from YAML or JSON. All of its problems are named at once; no secret is shown. */
export const parsePrometheus = (document: unknown): PrometheusParse => {
  const result = fileSchema.safeParse(document);
  return result.success
    ? { kind: "prometheus", prometheus: Object.freeze(result.data.prometheus) }
    : { kind: "invalid", problems: problemsOf(result.error) };
};

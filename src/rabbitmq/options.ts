import { z } from "zod";
import { credentialSchema } from "../credentials/credential-options.ts";
import { address, problemsOf, text } from "../credentials/fields.ts";
import { tlsSchema } from "../credentials/tls-options.ts";

const names = (example: string) =>
  z
    .array(text(example), { error: `expected a list of names, for example [${example}]` })
    .min(1, "expected at least one name; leave it out to allow all");

const brokerSchema = z
  .strictObject({
    /** As in `spec.broker` of an autoscaler. */
    name: text("default").regex(
      /^[a-zA-Z0-9]([-\w.]*[a-zA-Z0-9])?$/,
      "expected letters, digits, '-', '_' and '.', for example default",
    ),
    /** amqp:// or amqps://. Its path is not used: each queue names its vhost. Credentials only if they are written here. */
    amqpUrl: address(["amqp:", "amqps:"], "amqps://rabbitmq.messaging.svc:5671"),
    /** http:// or https:// of the management API. Without it only ready and consumers are known. */
    managementUrl: address(["http:", "https:"], "https://rabbitmq.messaging.svc:15671").exactOptional(),
    /** Of both addresses, instead of what they hold. */
    credentials: credentialSchema.exactOptional(),
    /** Of both addresses, where they are encrypted, and of the token's. */
    tls: tlsSchema.exactOptional(),
    /** Of autoscalers that may name this broker. Default: all. */
    allowedNamespaces: names("shop").exactOptional(),
    /** That their queues may be in. Default: all. */
    allowedVhosts: names("/").exactOptional(),
    /** Passive declares, at most. What is beyond is answered from before, with its age. Default 1000. */
    maxDeclaresPerSecond: z
      .int({ error: "expected a whole number from 1 to 100000" })
      .min(1, "expected a whole number from 1 to 100000")
      .max(100_000, "expected a whole number from 1 to 100000")
      .exactOptional(),
    /** The broker's collect_statistics_interval: what the management API tells may be that old. Default 5. */
    statisticsIntervalSeconds: z
      .number({ error: "expected seconds above 0 and at most 300, for example 5" })
      .gt(0, "expected seconds above 0 and at most 300, for example 5")
      .max(300, "expected seconds above 0 and at most 300, for example 5")
      .exactOptional(),
  })
  .refine(
    ({ credentials, tls }) => !(credentials && "external" in credentials) || tls?.certFile !== undefined,
    {
      path: ["tls"],
      error: "credentials.external needs tls.certFile and tls.keyFile: the certificate says who we are",
    },
  )
  .refine(
    ({ credentials, tls, amqpUrl }) =>
      !(credentials && "external" in credentials && tls) || amqpUrl.startsWith("amqps:"),
    {
      path: ["amqpUrl"],
      error: "credentials.external needs amqps://: without TLS no certificate is shown",
    },
  );

const brokersSchema = z.strictObject(
  {
    brokers: z
      .array(brokerSchema, { error: "required: a list of brokers, each with a name and an amqpUrl" })
      .min(1, "expected at least one broker, with a name and an amqpUrl")
      .max(100, "expected at most 100 brokers"),
  },
  { error: "expected an object with a list `brokers`" },
);

/** One broker, as the operator's configuration file says it. */
export type BrokerOptions = Readonly<z.infer<typeof brokerSchema>>;

export type BrokersParse =
  | { readonly kind: "brokers"; readonly brokers: readonly BrokerOptions[] }
  /** One line each: the path in the document, and what to do. */
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** Reads the brokers file, already parsed from YAML or JSON. All of its problems are named at once; no secret is shown. */
export const parseBrokers = (document: unknown): BrokersParse => {
  const result = brokersSchema.safeParse(document);
  if (!result.success) return { kind: "invalid", problems: problemsOf(result.error) };
  const { brokers } = result.data;
  const doubles = brokers.flatMap(({ name }, index) => {
    const first = brokers.findIndex((other) => other.name === name);
    return first === index
      ? []
      : [`brokers[${index}].name: ${name} is brokers[${first}] already; give each broker a name of its own`];
  });
  if (doubles.length > 0) return { kind: "invalid", problems: doubles };
  return { kind: "brokers", brokers: Object.freeze(brokers) };
};

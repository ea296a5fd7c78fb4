import { alertNames } from "./alert-names.ts";

/** What several of the chart's values have in common, and the parts of Kubernetes' objects that are worth checking here. */
const label = { type: "string", pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" };
const text = { type: "string", minLength: 1 };
const quantity = { type: ["string", "number"], pattern: "^[0-9.]+(m|k|M|G|T|Ki|Mi|Gi|Ti)?$" };
const quantities = {
  type: "object",
  additionalProperties: false,
  properties: { cpu: quantity, memory: quantity, "ephemeral-storage": quantity },
};

const digest = { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" };

const object = (properties: Readonly<Record<string, unknown>>, required: readonly string[] = []) => ({
  type: "object",
  additionalProperties: false,
  properties,
  ...(required.length > 0 && { required }),
});

const list = (items: Readonly<Record<string, unknown>>) => ({ type: "array", items, minItems: 1 });

// A password in an address would end in a ConfigMap that many may read.
const address = (schemes: string) => ({ type: "string", pattern: `^(${schemes})://[^@\\s]+$` });

export const definitions = {
  alert: object({
    enabled: { type: "boolean" },
    for: { type: "string", pattern: "^[0-9]+(ms|s|m|h|d)$" },
    severity: label,
    labels: { type: "object", additionalProperties: { type: "string" } },
  }),
  // A misspelt name would silently change nothing.
  alertName: { enum: alertNames() },
  label,
  namespace: label,
  port: { type: "integer", minimum: 1, maximum: 65_535 },
  strings: { type: "object", additionalProperties: { type: "string" } },
  objects: { type: "array", items: { type: "object" } },
  names: { type: "array", items: object({ name: text }, ["name"]) },
  env: {
    type: "array",
    items: object({ name: text, value: { type: "string" }, valueFrom: { type: "object" } }, ["name"]),
  },
  image: object({
    registry: { type: "string" },
    repository: text,
    tag: text,
    digest,
  }),
  persistence: object({ enabled: { type: "boolean" }, size: quantity, storageClass: { type: "string" } }),
  // A name of its own would resolve to no namespace.
  scrapedService: object(
    {
      service: { type: "string", pattern: "^[-a-z0-9]+\\.[-a-z0-9]+\\.svc$" },
      port: { $ref: "#/definitions/port" },
    },
    ["service", "port"],
  ),
  resources: object({ requests: quantities, limits: quantities, claims: { type: "array" } }),
  oauth2: {
    ...object({
      tokenUrl: address("https?"),
      clientId: text,
      clientIdKey: text,
      clientSecretKey: text,
      scopes: list(text),
      audience: text,
    }),
    if: { maxProperties: 0 },
    else: { required: ["tokenUrl"] },
  },
  tls: {
    ...object({
      existingSecret: text,
      caKey: text,
      certKey: text,
      keyKey: text,
      serverName: text,
      insecureSkipVerify: { type: "boolean" },
    }),
    dependencies: {
      caKey: ["existingSecret"],
      certKey: ["existingSecret", "keyKey"],
      keyKey: ["existingSecret", "certKey"],
    },
  },
  labelNames: object({
    broker: { type: "string" },
    vhost: { type: "string" },
    queue: text,
    pod: { type: "string" },
    replica: list(text),
  }),
  broker: {
    ...object({
      rabbitmqCluster: object({ name: label, namespace: label, tls: { type: "boolean" } }, ["name"]),
      amqpUrl: address("amqps?"),
      managementUrl: address("https?"),
      existingSecret: text,
      usernameKey: text,
      passwordKey: text,
      oauth2: { $ref: "#/definitions/oauth2" },
      external: { const: true },
      tls: { $ref: "#/definitions/tls" },
      maxDeclaresPerSecond: { type: "integer", minimum: 1, maximum: 100_000 },
      statisticsIntervalSeconds: { type: "number", exclusiveMinimum: 0, maximum: 300 },
      allowedNamespaces: list(text),
      allowedVhosts: list(text),
    }),
    anyOf: [{ required: ["rabbitmqCluster"] }, { required: ["amqpUrl"] }],
    dependencies: {
      oauth2: ["existingSecret"],
      external: {
        required: ["tls"],
        properties: { tls: { required: ["certKey"] }, amqpUrl: { pattern: "^amqps:" } },
      },
    },
    // A RabbitmqCluster has a Secret with user name and password.
    if: { required: ["rabbitmqCluster"] },
    else: { dependencies: { usernameKey: ["existingSecret"], passwordKey: ["existingSecret"] } },
  },
};

/** What holds for a whole section of the values, by its path. */
export const sectionRules: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // A parent chart may put keys of its own there.
  global: { additionalProperties: true },
  // Keys of a Secret that is not named would be files that nothing mounts.
  prometheus: {
    anyOf: [
      { properties: { existingSecret: { minLength: 1 } } },
      {
        properties: {
          bearerTokenKey: { maxLength: 0 },
          usernameKey: { const: "username" },
          passwordKey: { const: "password" },
          oauth2: { maxProperties: 0 },
        },
      },
    ],
  },
};

import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { chartTools } from "./chart-tools.ts";
import { configurations, monitored, smallest } from "./configurations.ts";
import { chartFolder, renderText, type Values } from "./render-chart.ts";

const tools = await chartTools();
const helms = "missing" in tools ? {} : { "Helm 3": tools.helm3, "Helm 4": tools.helm4 };

const missing = (path: string, keys: string, beside: string): RegExp =>
  new RegExp(`${path}': properties ${keys} required, if '${beside}' exists`);

/** What is wrong, and how a person is told of it. */
const rejected: readonly (readonly [why: string, values: Values, told: RegExp])[] = [
  ["a misspelt section", { opreator: {} }, /additional properties '?opreator'? not allowed/i],
  [
    "a misspelt key",
    { operator: { replica: 2 } },
    /operator.*\n?.*additional properties '?replica'? not allowed/i,
  ],
  [
    "a misspelt key of a broker",
    { brokers: { a: { amqpUrl: "amqp://a", vhosts: ["/"] } } },
    /'?vhosts'? not allowed/,
  ],
  ["a number as text", { operator: { replicas: "2" } }, /operator.*replicas.*\n?.*(want integer|integer)/i],
  ["a switch as text", { gateway: { enabled: "yes" } }, /gateway.*enabled.*\n?.*boolean/i],
  [
    "no operator at all",
    { operator: { replicas: 0 } },
    /replicas.*\n?.*(minimum|greater than or equal to 1|want 1)/i,
  ],
  ["an unknown choice", { rbac: { scope: "Cluster" } }, /scope.*\n?.*(one of|must be one)/i],
  ["a short digest", { image: { digest: "sha256:12" } }, /digest.*\n?.*pattern/i],
  [
    "a broker without an address",
    { brokers: { a: { existingSecret: "s" } } },
    /brokers.*a.*\n?.*(anyOf|required)/i,
  ],
  ["a broker's name that cannot be one of a volume", { brokers: { A_b: { amqpUrl: "amqp://a" } } }, /A_b/],
  [
    "a password in an address",
    { brokers: { a: { amqpUrl: "amqp://user:secret@a" } } },
    /amqpUrl.*\n?.*pattern/i,
  ],
  [
    "a token of a broker without its Secret",
    { brokers: { a: { rabbitmqCluster: { name: "rabbit" }, oauth2: { tokenUrl: "https://sso/token" } } } },
    missing("/brokers/a", "'existingSecret'", "oauth2"),
  ],
  [
    "a key of a broker's user name without its Secret",
    { brokers: { a: { amqpUrl: "amqp://a", usernameKey: "user" } } },
    missing("/brokers/a", "'existingSecret'", "usernameKey"),
  ],
  [
    "a key of a broker's password without its Secret",
    { brokers: { a: { amqpUrl: "amqp://a", passwordKey: "pass" } } },
    missing("/brokers/a", "'existingSecret'", "passwordKey"),
  ],
  [
    "a login by certificate without TLS",
    { brokers: { a: { amqpUrl: "amqps://a", external: true } } },
    /\/brokers\/a': missing property 'tls'/,
  ],
  [
    "a login by certificate without a certificate",
    { brokers: { a: { amqpUrl: "amqps://a", external: true, tls: { serverName: "a" } } } },
    /\/brokers\/a\/tls': missing property 'certKey'/,
  ],
  [
    "a login by certificate without encryption",
    {
      brokers: {
        a: {
          amqpUrl: "amqp://a",
          external: true,
          tls: { existingSecret: "s", certKey: "tls.crt", keyKey: "tls.key" },
        },
      },
    },
    /\/brokers\/a\/amqpUrl': .*'\^amqps:'/,
  ],
  [
    "a token without the address of its server",
    { brokers: { a: { amqpUrl: "amqps://a", existingSecret: "s", oauth2: { clientId: "millrace" } } } },
    /\/brokers\/a\/oauth2': missing property 'tokenUrl'/,
  ],
  [
    "a broker's authority without its Secret",
    { brokers: { a: { amqpUrl: "amqps://a", tls: { caKey: "ca.crt" } } } },
    missing("/brokers/a/tls", "'existingSecret'", "caKey"),
  ],
  [
    "a certificate without Secret and key",
    { brokers: { a: { amqpUrl: "amqps://a", tls: { certKey: "tls.crt" } } } },
    missing("/brokers/a/tls", "'existingSecret', 'keyKey'", "certKey"),
  ],
  [
    "a certificate's key without Secret and certificate",
    { brokers: { a: { amqpUrl: "amqps://a", tls: { keyKey: "tls.key" } } } },
    missing("/brokers/a/tls", "'existingSecret', 'certKey'", "keyKey"),
  ],
  [
    "Prometheus' authority without its Secret",
    { prometheus: { url: "https://prom", tls: { caKey: "ca.crt" } } },
    missing("/prometheus/tls", "'existingSecret'", "caKey"),
  ],
  ...Object.entries({
    bearerTokenKey: "token",
    usernameKey: "user",
    passwordKey: "pass",
    oauth2: { tokenUrl: "https://sso/token" },
  }).map(
    ([key, value]) =>
      [
        `Prometheus' ${key} without its Secret`,
        { prometheus: { url: "https://prom", [key]: value } },
        new RegExp(`/prometheus/existingSecret': minLength.*\n.*/prometheus/${key}'`),
      ] as const,
  ),
  ["a password in Prometheus' address", { prometheus: { url: "http://u:p@prom" } }, /url.*\n?.*pattern/i],
  [
    "a misspelt resource",
    { operator: { resources: { limits: { memroy: "1Gi" } } } },
    /'?memroy'? not allowed/,
  ],
  [
    "an impossible quantity",
    { operator: { resources: { limits: { memory: "1GB" } } } },
    /memory.*\n?.*pattern/i,
  ],
  [
    "an empty list of namespaces' names",
    { rbac: { scope: "namespace", watchNamespaces: [""] } },
    /watchNamespaces/,
  ],
  ["a misspelt part of the stack", { stack: { graphana: {} } }, /'?graphana'? not allowed/],
  [
    "a misspelt part of an image",
    { stack: { prometheus: { image: { repo: "x" } } } },
    /image.*\n?.*'?repo'? not allowed/,
  ],
  [
    "a misspelt claim",
    { stack: { grafana: { persistence: { storage: "1Gi" } } } },
    /'?storage'? not allowed/,
  ],
  [
    "workers without a namespace to look in",
    { stack: { prometheus: { workers: [{ service: "image-worker", port: 9091 }] } } },
    /service.*\n?.*pattern/i,
  ],
  [
    "workers without a port",
    { stack: { prometheus: { workers: [{ service: "image-worker.shop.svc" }] } } },
    /workers.*\n?.*port/,
  ],
  ["a retention without a unit", { stack: { prometheus: { retention: "15" } } }, /retention.*\n?.*pattern/i],
  ["a port out of range", { gateway: { service: { port: 70_000 } } }, /port.*\n?.*(maximum|less than)/i],
];

describe.each(Object.entries(helms))("values, checked by %s", (_name, helm) => {
  test.each(Object.entries(configurations))("take what is right: %s", (_title, values) => {
    expect(() => renderText(values, { helm })).not.toThrow();
  });

  test.each(rejected)("refuse %s", (_why, values, told) => {
    expect(() => renderText({ ...smallest, ...values }, { helm })).toThrow(told);
  });

  test("a parent chart may put its own keys below global", () => {
    expect(() => renderText({ ...smallest, global: { storageClass: "fast" } }, { helm })).not.toThrow();
  });

  test.each(Object.entries({ ...configurations, "with monitors": monitored("PodMonitor") }))(
    "helm lint --strict finds nothing: %s",
    (_title, values) => {
      const input = JSON.stringify(values);
      const args = ["lint", "--strict", "--values", "-", "--kube-version", "1.34.4", chartFolder];
      const { status, stdout } = spawnSync(helm, args, { input, encoding: "utf8" });
      expect.soft(stdout).toContain("0 chart(s) failed");
      expect.soft(stdout).not.toMatch(/\[(INFO|WARNING|ERROR)\]/);
      expect(status).toBe(0);
    },
  );
});

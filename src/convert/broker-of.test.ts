import { expect, test } from "vitest";
import { convertDocuments } from "./convert.ts";

/** What is said of the credentials of a ScaledObject in namespace shop that refers to `auth`. */
function noteOn(documents: readonly object[], kind?: string): string | undefined {
  const scaledObject = {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name: "orders", namespace: "shop" },
    spec: {
      scaleTargetRef: { name: "order-worker" },
      triggers: [
        {
          type: "rabbitmq",
          metadata: { queueName: "orders" },
          authenticationRef: { name: "auth", ...(kind !== undefined && { kind }) },
        },
      ],
    },
  };
  const { converted } = convertDocuments([...documents, scaledObject], { broker: "default", mode: "DryRun" });
  return converted[0]?.notes.find(({ field }) => field === `${kind ?? "TriggerAuthentication"} auth`)
    ?.message;
}
const authentication = (kind: string, namespace: string | undefined, spec?: object) => ({
  apiVersion: "keda.sh/v1alpha1",
  kind,
  metadata: { name: "auth", ...(namespace !== undefined && { namespace }) },
  ...(spec !== undefined && { spec }),
});

const secret = (...parameters: readonly string[]) => ({
  secretTargetRef: parameters.map((parameter) => ({ parameter, name: "rabbit", key: `the-${parameter}` })),
});

test("credentials from a Secret are told with its name and keys", () => {
  const note = noteOn([authentication("TriggerAuthentication", "shop", secret("username", "password"))]);
  expect(note).toBe(
    "username is key the-username of Secret rabbit; password is key the-password of Secret rabbit. Mount it into the operator, and name the files at the broker in its configuration; no Secret is read through the API",
  );
});

test("a host is a whole URL, which no file may hold: its parts are told with the commands that take it apart", () => {
  const note = noteOn([authentication("TriggerAuthentication", "shop", secret("host"))]);
  expect(note).toMatch(/^host is key the-host of Secret rabbit\. host is a whole URL/);
  expect(note).toContain("host and port are amqpUrl");
  expect(note).toContain(
    `kubectl get secret rabbit -n shop -o go-template='{{index .data "the-host" | base64decode}}'`,
  );
  expect(note).toContain("--from-literal=username='USER' --from-literal=password='PASSWORD'");
  expect(note).not.toContain("ount ");
});

test("a host with a login beside it is told without one; those of the whole cluster are in KEDA's namespace", () => {
  const kind = "ClusterTriggerAuthentication";
  const note = noteOn([authentication(kind, undefined, secret("host", "username", "password"))], kind);
  expect(note).toContain("kubectl get secret rabbit -n keda ");
  expect(note).toContain("Mount the rest into the operator");
  expect(note).not.toContain("create secret");
});

test.each([
  ["amqp", { host: "amqp://rabbit:5672/shop" }, true],
  ["amqp by its protocol", { protocol: "amqp", hostFromEnv: "RABBIT" }, true],
  ["not known", { hostFromEnv: "RABBIT" }, true],
  ["http", { host: "http://rabbit:15672/shop" }, false],
  ["http by its protocol", { protocol: "http", hostFromEnv: "RABBIT" }, false],
  ["http by its mode", { mode: "MessageRate", value: "1", hostFromEnv: "RABBIT" }, false],
])("where the protocol is %s, that scale-in needs the management API is told or not", (_, more, isTold) => {
  const scaledObject = {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name: "orders" },
    spec: {
      scaleTargetRef: { name: "order-worker" },
      triggers: [{ type: "rabbitmq", metadata: { queueName: "orders", ...more } }],
    },
  };
  const { converted } = convertDocuments([scaledObject], { broker: "default", mode: "DryRun" });
  const note = converted[0]?.notes.find(({ field }) => field === "broker");
  expect(note?.message.includes("Give its managementUrl too")).toBe(isTold);
});

test("credentials from elsewhere, for the whole cluster, are told by their kind", () => {
  const cluster = authentication("ClusterTriggerAuthentication", undefined, { hashiCorpVault: {} });
  expect(noteOn([cluster], "ClusterTriggerAuthentication")).toContain("more comes from hashiCorpVault");
});

test("an authentication that names nothing, of another namespace, or that was not given, is told as such", () => {
  expect(noteOn([authentication("TriggerAuthentication", "shop")])).toContain("names no source");
  expect(noteOn([authentication("TriggerAuthentication", "other", {})])).toContain("was not given");
  expect(noteOn([])).toContain("give it to convert beside the ScaledObject");
});

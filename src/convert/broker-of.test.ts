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

test("credentials from a Secret are told with its name and keys", () => {
  const secretTargetRef = [
    { parameter: "host", name: "rabbit", key: "amqp" },
    { parameter: "password", name: "rabbit", key: "pw" },
  ];
  expect(noteOn([authentication("TriggerAuthentication", "shop", { secretTargetRef })])).toContain(
    "host is key amqp of Secret rabbit; password is key pw of Secret rabbit.",
  );
});

test("credentials from elsewhere, for the whole cluster, are told by their kind", () => {
  const cluster = authentication("ClusterTriggerAuthentication", undefined, { hashiCorpVault: {} });
  expect(noteOn([cluster], "ClusterTriggerAuthentication")).toContain("more comes from hashiCorpVault");
});

test("an authentication that names nothing, of another namespace, or that was not given, is told as such", () => {
  expect(noteOn([authentication("TriggerAuthentication", "shop")])).toContain("names no source");
  expect(noteOn([authentication("TriggerAuthentication", "other", {})])).toContain("was not given");
  expect(noteOn([])).toContain("was not given");
});

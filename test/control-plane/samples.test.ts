import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { clusterAccess } from "../../src/kubernetes/cluster-access.ts";
import { type ClusterClient, createClusterClient } from "../../src/kubernetes/cluster-client.ts";
import { parseResource } from "../../src/resource/parse-resource.ts";
import { freshNamespace } from "../support/fresh-namespace.ts";
import { installDefinition, workerAutoscalerDefinition } from "../support/install-definition.ts";
import { wholeAutoscaler } from "./whole-autoscaler.ts";

type Document = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
};
const folder = new URL("../../manifests/samples/", import.meta.url);
const plurals: Readonly<Record<string, string>> = {
  Deployment: "deployments",
  WorkerAutoscaler: "workerautoscalers",
};
let client: ClusterClient;

beforeAll(async () => {
  client = createClusterClient(
    await clusterAccess({ env: {}, kubeconfig: inject("controlPlane").kubeconfig }),
  );
  await installDefinition(client, workerAutoscalerDefinition);
});
afterAll(() => client.close());

/** Stores a document as `kubectl apply` does and answers what is then stored. */
async function stored(document: Document, namespace: string): Promise<object> {
  const [group = "", version = ""] = document.apiVersion.split("/");
  const path = {
    resource: { group, version, plural: plurals[document.kind] ?? "" },
    namespace,
    name: document.metadata.name,
  };
  await client.apply(path, document, { query: { fieldManager: "test", fieldValidation: "Strict" } });
  return client.get<object>(path);
}

/** As the operator sees a resource, without what only a stored one has. */
function seen(document: unknown): unknown {
  const parsed = parseResource(document);
  if (parsed.kind === "invalid") return parsed;
  const { apiVersion, kind, metadata, spec } = parsed.resource;
  return { apiVersion, kind, name: metadata.name, annotations: metadata.annotations, spec };
}

describe.each(readdirSync(folder))("the sample %s", (file) => {
  const documents = parseAllDocuments(readFileSync(new URL(file, folder), "utf8")).map(
    (document) => document.toJS() as Document,
  );

  test("applies, and its WorkerAutoscaler is the same from the API server and from the file", async () => {
    const namespace = await freshNamespace(client);
    const autoscalers = documents.filter(({ kind }) => kind === "WorkerAutoscaler");
    expect(autoscalers).toHaveLength(1);
    for (const document of documents) {
      const answered = await stored(document, namespace);
      if (document.kind === "WorkerAutoscaler") expect(seen(answered)).toEqual(seen(document));
    }
  });
});

test("a WorkerAutoscaler with every field comes back the same", async () => {
  const namespace = await freshNamespace(client);
  const document = wholeAutoscaler(namespace);
  expect(seen(await stored(document, namespace))).toEqual(seen(document));
});

test("one with nothing but what is required comes back with the defaults of the file's reader", async () => {
  const namespace = await freshNamespace(client);
  const whole = wholeAutoscaler(namespace);
  const document = {
    ...whole,
    spec: {
      scaleTargetRef: { name: "image-worker" },
      queues: [{ name: "jobs.image" }],
      objective: { waitSeconds: 15 },
      replicas: { max: 5 },
      schedules: [{ name: "night", start: "0 2 * * *", durationSeconds: 60, minReplicas: 1 }],
      fallback: {},
    },
  };
  const answered = await stored(document, namespace);
  expect(seen(answered)).toEqual(seen(document));
  // The API server itself has written the defaults, so that `kubectl get -o yaml` shows them.
  expect(answered).toMatchObject({
    spec: {
      mode: "Active",
      broker: "default",
      slotSharing: "Shared",
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment" },
      queues: [{ vhost: "/" }],
      objective: { attainmentRatio: "0.95" },
      replicas: { min: 0 },
      schedules: [{ timezone: "UTC" }],
      fallback: { afterSeconds: 120, behavior: "Hold" },
    },
  });
});

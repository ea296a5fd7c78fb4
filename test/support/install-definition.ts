import { readFile } from "node:fs/promises";
import { vi } from "vitest";
import { parse } from "yaml";
import type { ClusterClient } from "../../src/kubernetes/cluster-client.ts";

type Definition = {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly group: string; readonly versions: readonly { readonly name: string }[] };
};

const definitions = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };

/** Installs a custom resource definition, which other tests may do at the same time, and waits until it is served. */
export async function installDefinition(client: ClusterClient, file: URL): Promise<void> {
  const definition = parse(await readFile(file, "utf8")) as Definition;
  const { name } = definition.metadata;
  await client.apply({ resource: definitions, name }, definition, {
    query: { fieldManager: "test", force: true, fieldValidation: "Strict" },
  });
  const [plural = ""] = name.split(".");
  const { group, versions } = definition.spec;
  const resource = { group, version: versions[0]?.name ?? "", plural };
  await vi.waitFor(() => client.list({ resource }), { timeout: 30_000 });
}

/** Of WorkerAutoscaler. */
export const workerAutoscalerDefinition = new URL(
  "../../manifests/crds/workerautoscalers.millrace.dev.yaml",
  import.meta.url,
);

import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import type { ClusterClient } from "../../src/kubernetes/cluster-client.ts";

const namespaces = { group: "", version: "v1", plural: "namespaces" };

/** A namespace of this test alone; what is in it goes with it. */
export async function freshNamespace(client: ClusterClient): Promise<string> {
  const name = `test-${randomUUID().slice(0, 8)}`;
  await client.create({ resource: namespaces }, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  onTestFinished(() => client.delete({ resource: namespaces, name }));
  return name;
}

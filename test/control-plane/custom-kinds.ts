import { vi } from "vitest";
import type { ClusterClient } from "../../src/kubernetes/cluster-client.ts";

const definitions = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };

export type CustomKind = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Absent: it has no scale subresource. */
  readonly scale?: { readonly labelSelectorPath?: string };
};

const pluralOf = ({ kind }: CustomKind): string => `${kind.toLowerCase()}s`;

/** Installs the kind, with any fields; resolves when it is served. Its group is the test's own. */
export const installKind = async (client: ClusterClient, custom: CustomKind): Promise<void> => {
  const { group, version, kind, scale } = custom;
  const plural = pluralOf(custom);
  const paths = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
  const openAPIV3Schema = {
    type: "object",
    properties: {
      spec: {
        type: "object",
        "x-kubernetes-preserve-unknown-fields": true,
        properties: { replicas: { type: "integer" } },
      },
      status: {
        type: "object",
        "x-kubernetes-preserve-unknown-fields": true,
        properties: { replicas: { type: "integer" }, selector: { type: "string" } },
      },
    },
  };
  const subresources = { status: {}, ...(scale === undefined ? {} : { scale: { ...paths, ...scale } }) };
  await client.create(
    { resource: definitions },
    {
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { plural, singular: kind.toLowerCase(), kind },
        versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema }, subresources }],
      },
    },
  );
  // What the API server lists as its kinds may come a moment after the kind itself.
  const isServed = async () => {
    await client.list({ resource: { group, version, plural } });
    type Listed = { readonly resources: readonly { readonly name: string }[] };
    const { resources } = await client.getPath<Listed>(`/apis/${group}/${version}`);
    if (!resources.some(({ name }) => name === plural)) throw new Error(`${plural} is not listed yet`);
  };
  await vi.waitFor(isServed, { timeout: 20_000 });
};

export const resourceOf = (custom: CustomKind) => ({
  group: custom.group,
  version: custom.version,
  plural: pluralOf(custom),
});

export const removeKind = (client: ClusterClient, custom: CustomKind): Promise<void> =>
  client.delete({ resource: definitions, name: `${pluralOf(custom)}.${custom.group}` });

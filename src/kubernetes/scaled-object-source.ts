import type { ClusterClient } from "./cluster-client.ts";
import { hasCode } from "./errors.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { listAll } from "./list-all.ts";

type Kind = { readonly kind: string; readonly plural: string; readonly isNamespaced: boolean };

const scaled: readonly Kind[] = [
  { kind: "ScaledObject", plural: "scaledobjects", isNamespaced: true },
  { kind: "ScaledJob", plural: "scaledjobs", isNamespaced: true },
];
/** Only looked into for what to mount: a user who may not list them still gets a conversion. */
const authentications: readonly Kind[] = [
  { kind: "TriggerAuthentication", plural: "triggerauthentications", isNamespaced: true },
  { kind: "ClusterTriggerAuthentication", plural: "clustertriggerauthentications", isNamespaced: false },
];

/** KEDA's objects of a namespace, or of all when it is undefined, as documents with apiVersion and kind. */
export async function listKedaObjects(
  client: ClusterClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const list = (kind: Kind) => listKind(client, kind, { namespace, signal });
  const [objects, credentials] = await Promise.all([
    Promise.all(scaled.map(list)),
    Promise.all(
      authentications.map((kind) =>
        list(kind).catch((error: unknown) => {
          if (hasCode(error, "forbidden") || hasCode(error, "not-served")) return [];
          throw error;
        }),
      ),
    ),
  ]);
  return [...objects, ...credentials].flat();
}

async function listKind(
  client: ClusterClient,
  { kind, plural, isNamespaced }: Kind,
  { namespace, signal }: { readonly namespace: string | undefined; readonly signal: AbortSignal },
): Promise<readonly unknown[]> {
  const documents: unknown[] = [];
  const path = {
    resource: { group: "keda.sh", version: "v1alpha1", plural },
    ...(isNamespaced && namespace !== undefined && { namespace }),
  };
  const take = (object: KubernetesObject) =>
    documents.push({ ...object, apiVersion: "keda.sh/v1alpha1", kind });
  await listAll({ client, path, labelSelector: undefined, fieldSelector: undefined, signal }, take);
  return documents;
}

import type { TargetRef } from "../operator/ports.ts";
import type { ApiPath, ApiResource } from "./api-path.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { hasCode } from "./errors.ts";

/** autoscaling/v1 Scale. A count of 0 is left out by the API server. */
export type Scale = {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
};

export type ScaleOf = { readonly target: TargetRef; readonly resource: ApiResource };

export type ScaleWrite =
  | { readonly kind: "written"; readonly scale: Scale }
  | { readonly kind: "conflict"; readonly actual: number };

/** Undefined: the target does not exist. */
export const readScale = async (
  client: ClusterClient,
  of: ScaleOf,
  signal: AbortSignal,
): Promise<Scale | undefined> => {
  try {
    return await client.get<Scale>(pathOf(of), { signal });
  } catch (error) {
    if (hasCode(error, "not-found")) return undefined;
    throw error;
  }
};

/**
 * Sets the count if it is still `from`. The test is on the spec alone: a test on resourceVersion would fail whenever a pod
 * changed its status in between.
 */
export const writeScale = async (
  client: ClusterClient,
  of: ScaleOf,
  change: { readonly from: number; readonly to: number; readonly signal: AbortSignal },
): Promise<ScaleWrite> => {
  const { from, to, signal } = change;
  const write = (spec: object) =>
    client.patch<Scale>(
      pathOf(of),
      [
        { op: "test", path: "/spec", value: spec },
        { op: "add", path: "/spec/replicas", value: to },
      ],
      { signal },
    );
  try {
    return { kind: "written", scale: await write(from === 0 ? {} : { replicas: from }) };
  } catch (error) {
    if (!hasCode(error, "invalid")) throw error;
    const scale = await readScale(client, of, signal);
    const actual = scale?.spec?.replicas ?? 0;
    if (actual !== from) return { kind: "conflict", actual };
    const spec = scale?.spec ?? {};
    // Either this API server writes the spec in another way, or something other than the test was refused.
    if (Object.keys(spec).length === (from === 0 ? 0 : 1)) throw error;
    return { kind: "written", scale: await write(spec) };
  }
};

const pathOf = ({ target, resource }: ScaleOf): ApiPath => ({
  resource,
  namespace: target.namespace,
  name: target.name,
  subresource: "scale",
});

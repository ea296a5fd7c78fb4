import type { TargetRef } from "../operator/ports.ts";
import type { ApiResource } from "./api-path.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { hasCode } from "./errors.ts";
import { deploymentsResource, replicaSetsResource, statefulSetsResource } from "./watched-workloads.ts";

export type ScaleResource =
  | { readonly kind: "found"; readonly resource: ApiResource }
  | { readonly kind: "missing"; readonly because: string };

type ResourceList = {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
};

const builtIn: Readonly<Record<string, ApiResource>> = {
  "apps/v1 Deployment": deploymentsResource,
  "apps/v1 ReplicaSet": replicaSetsResource,
  "apps/v1 StatefulSet": statefulSetsResource,
};

/** A kind that was not there may be installed; one that was there stays. */
const missingForMs = 30_000;
/** Bounds what misspelt targets can make us remember. */
const maxGroupVersions = 100;

/** Which resource a target's apiVersion and kind stand for, asked of the API server once for each group and version. */
export class ScaleResources {
  readonly #client: ClusterClient;
  readonly #nowMs: () => number;
  readonly #lists = new Map<
    string,
    { readonly list: ResourceList | undefined; readonly askedAtMs: number }
  >();

  constructor(client: ClusterClient, nowMs: () => number) {
    this.#client = client;
    this.#nowMs = nowMs;
  }

  /** Rejects with a KubernetesError when the API server cannot be asked. */
  async find({ apiVersion, kind }: TargetRef, signal: AbortSignal): Promise<ScaleResource> {
    const known = builtIn[`${apiVersion} ${kind}`];
    if (known !== undefined) return { kind: "found", resource: known };
    const slash = apiVersion.indexOf("/");
    const group = slash < 0 ? "" : apiVersion.slice(0, slash);
    const version = apiVersion.slice(slash + 1);
    const found = (list: ResourceList | undefined) =>
      list?.resources.find((resource) => resource.kind === kind && !resource.name.includes("/"));
    let list = await this.#listOf(apiVersion, signal);
    if (found(list) === undefined) list = await this.#listOf(apiVersion, signal, { atMostMs: missingForMs });
    const resource = found(list);
    if (resource === undefined)
      return {
        kind: "missing",
        because: `The API server knows no ${kind} in ${apiVersion}: check scaleTargetRef, or install the custom resource definition.`,
      };
    if (!resource.namespaced || !list?.resources.some(({ name }) => name === `${resource.name}/scale`))
      return {
        kind: "missing",
        because: `A ${kind} of ${apiVersion} has no scale subresource, so its replicas cannot be set: choose a target that has one.`,
      };
    return { kind: "found", resource: { group, version, plural: resource.name } };
  }

  async #listOf(
    apiVersion: string,
    signal: AbortSignal,
    { atMostMs }: { readonly atMostMs?: number } = {},
  ): Promise<ResourceList | undefined> {
    const known = this.#lists.get(apiVersion);
    if (known !== undefined && (atMostMs === undefined || this.#nowMs() - known.askedAtMs < atMostMs))
      return known.list;
    const list = await this.#ask(apiVersion, signal);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size >= maxGroupVersions && oldest !== undefined) this.#lists.delete(oldest);
    this.#lists.set(apiVersion, { list, askedAtMs: this.#nowMs() });
    return list;
  }

  async #ask(apiVersion: string, signal: AbortSignal): Promise<ResourceList | undefined> {
    const root = apiVersion.includes("/") ? "/apis" : "/api";
    const path = `${root}/${apiVersion.split("/").map(encodeURIComponent).join("/")}`;
    try {
      return await this.#client.getPath<ResourceList>(path, { signal });
    } catch (error) {
      if (hasCode(error, "not-served") || hasCode(error, "not-found")) return undefined;
      throw error;
    }
  }
}

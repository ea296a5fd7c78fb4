import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { test as base } from "vitest";
import type { ApiResource } from "../../../src/kubernetes/api-path.ts";
import { clusterAccess } from "../../../src/kubernetes/cluster-access.ts";
import { type ClusterClient, createClusterClient } from "../../../src/kubernetes/cluster-client.ts";
import { createListWatch } from "../../../src/kubernetes/list-watch.ts";
import type { WorkerAutoscalerStatus } from "../../../src/resource/worker-autoscaler-status.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import { eventually } from "./eventually.ts";
import { type ForeignWorkerOptions, foreignWorkers, scriptConfigMap, workerName } from "./foreign-workers.ts";
import { JobRecords } from "./job-records.ts";
import { Publisher } from "./jobs.ts";
import {
  autoscalers,
  configMaps,
  deployments,
  namespaces,
  pods,
  replicaSets,
  secrets,
  statefulSets,
} from "./kinds.ts";
import { recordReplicas, type ReplicaRecorder } from "./replica-recorder.ts";
import { rotatedSecret, stage } from "./stage-facts.ts";

export const jobQueue = "jobs.proof";

/** `spec` of a WorkerAutoscaler with what a proof does not care about filled in. */
export type AutoscalerSpec = Readonly<Record<string, unknown>>;

type Named = { readonly metadata: { readonly name: string } };
type Condition = NonNullable<WorkerAutoscalerStatus["conditions"]>[number];
export type Pod = Named & {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};

const workloads: Readonly<Record<NonNullable<ForeignWorkerOptions["kind"]>, ApiResource>> = {
  Deployment: deployments,
  StatefulSet: statefulSets,
  ReplicaSet: replicaSets,
};

export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;

const nextRevision = { revision: "next" };

/** One proof's namespace, vhost, workers and autoscaler. */
export class Scene {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly vhost: FreshVhost;
  readonly publisher: Publisher;
  readonly records: JobRecords;
  readonly #recorders: ReplicaRecorder[] = [];

  private constructor(
    client: ClusterClient,
    namespace: string,
    broker: { vhost: FreshVhost; publisher: Publisher; records: JobRecords },
  ) {
    this.client = client;
    this.namespace = namespace;
    this.vhost = broker.vhost;
    this.publisher = broker.publisher;
    this.records = broker.records;
  }

  static async setUp(): Promise<Scene> {
    const client = createClusterClient(await clusterAccess({ kubeconfig: stage().kubeconfig, env: {} }));
    const namespace = `proof-${randomUUID().slice(0, 8)}`;
    await client.create(
      { resource: namespaces },
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    );
    await client.create({ resource: configMaps, namespace }, scriptConfigMap);
    const vhost = await freshVhost();
    const publisher = await Publisher.connect(vhost.amqpUrl());
    await publisher.declare(jobQueue);
    const records = await JobRecords.read(vhost.amqpUrl());
    return new Scene(client, namespace, { vhost, publisher, records });
  }

  async end(): Promise<void> {
    await Promise.all(this.#recorders.map((recorder) => recorder.stop()));
    await Promise.all([this.publisher.close(), this.records.close()]);
    await this.client.delete({ resource: namespaces, name: this.namespace });
    await this.vhost.remove();
    this.client.close();
  }

  /** A workload of foreign consumers, and what becomes of its count. */
  async deploy(options: Partial<ForeignWorkerOptions> = {}): Promise<ReplicaRecorder> {
    const { kind = "Deployment", name = workerName } = options;
    const whole = {
      queue: jobQueue,
      amqpUrl: this.vhost.amqpUrl(),
      image: stage().image,
      ...options,
    };
    await this.client.create({ resource: workloads[kind], namespace: this.namespace }, foreignWorkers(whole));
    return this.record(workloads[kind], name);
  }

  async record(resource: ApiResource, name: string = workerName): Promise<ReplicaRecorder> {
    const recorder = await recordReplicas(this.client, { resource, namespace: this.namespace, name });
    this.#recorders.push(recorder);
    return recorder;
  }

  /** What happened, for a person who reads why a proof failed. */
  async account(): Promise<string> {
    const list = await this.client
      .list<{ readonly items: readonly (Named & { readonly status?: WorkerAutoscalerStatus })[] }>({
        resource: autoscalers,
        namespace: this.namespace,
      })
      .catch(() => ({ items: [] })); // the API server may be what failed
    const { lost, duplicated, interrupted, done } = this.records.account(this.publisher.ids);
    return JSON.stringify(
      {
        autoscalers: list.items.map(({ metadata, status }) => ({ name: metadata.name, ...status })),
        changes: this.#recorders.map(({ changes }) =>
          changes.map(({ atMs, from, to }) => `${new Date(atMs).toISOString()} ${from} -> ${to}`),
        ),
        jobs: {
          published: this.publisher.ids.length,
          done,
          lost: lost.length,
          duplicated: duplicated.length,
          interrupted: this.records.storyOf(interrupted),
        },
      },
      undefined,
      1,
    );
  }

  async create(resource: ApiResource, object: object): Promise<void> {
    await this.client.create({ resource, namespace: this.namespace }, object);
  }

  /** Creates the autoscaler, and waits until the operator has looked at it once. */
  async autoscale(
    spec: AutoscalerSpec = {},
    metadata: { readonly name?: string; readonly annotations?: Readonly<Record<string, string>> } = {},
  ): Promise<void> {
    const { name = workerName } = metadata;
    await this.create(autoscalers, {
      apiVersion: "millrace.dev/v1alpha1",
      kind: "WorkerAutoscaler",
      metadata: { name, ...metadata },
      spec: {
        scaleTargetRef: { name: workerName },
        queues: [this.queue()],
        objective: { waitSeconds: 2 },
        replicas: { max: 4 },
        ...spec,
      },
    });
    await this.untilStatus((status) => status.conditions !== undefined, "looked at", { name });
  }

  /** Another vhost of this proof; pods reach it too. */
  async addVhost(vhost: string): Promise<void> {
    const path = encodeURIComponent(vhost);
    const everything = { configure: ".*", write: ".*", read: ".*" };
    await this.vhost.manage("PUT", `vhosts/${path}`, {});
    await this.vhost.manage("PUT", `permissions/${path}/${stage().login.username}`, everything);
  }

  amqpUrl(vhost: string): string {
    const { login, host, amqpPort } = stage();
    return `amqp://${login.username}:${login.password}@${host}:${amqpPort}/${encodeURIComponent(vhost)}`;
  }

  /** As `spec.queues` has it. */
  queue(name: string = jobQueue) {
    return { name, vhost: this.vhost.vhost };
  }

  /** Deletes the autoscaler, or something else. */
  async remove(name: string = workerName, resource: ApiResource = autoscalers): Promise<void> {
    await this.client.delete({ resource, namespace: this.namespace, name });
  }

  /** Writes the right password into the Secret of the broker `rotated`, which the operator's pods mount. */
  async correctRotatedLogin(): Promise<void> {
    const { operatorNamespace: namespace, login } = stage();
    await this.client.mergePatch(
      { resource: secrets, namespace, name: rotatedSecret },
      { stringData: login },
    );
  }

  /** A merge patch, as `kubectl patch` and `kubectl annotate` send it. */
  async edit(body: object, name: string = workerName, resource: ApiResource = autoscalers): Promise<void> {
    await this.client.mergePatch({ resource, namespace: this.namespace, name }, body);
  }

  /** Sets or, with null, removes annotations of the autoscaler, without their prefix. */
  async annotate(annotations: Readonly<Record<string, string | null>>): Promise<void> {
    const named = Object.entries(annotations).map(([name, value]) => [`millrace.dev/${name}`, value]);
    await this.edit({ metadata: { annotations: Object.fromEntries(named) } });
  }

  /** Somebody else sets the count. */
  async setReplicas(replicas: number, resource: ApiResource = deployments): Promise<void> {
    const path = { resource, namespace: this.namespace, name: workerName, subresource: "scale" };
    await this.client.mergePatch(path, { spec: { replicas } });
  }

  /** Somebody else who never stops setting the count; each write is told. */
  async keepWriting(
    replicas: number,
    options: { readonly everyMs: number; readonly signal: AbortSignal; readonly onWrite: () => void },
  ): Promise<void> {
    while (!options.signal.aborted) {
      await this.setReplicas(replicas);
      options.onWrite();
      await delay(options.everyMs, undefined, { signal: options.signal }).catch(() => {});
    }
  }

  /**
   * Replaces all pods by a new revision. Resolves when the last old one has been told to end, with the version of the
   * cluster's objects at that moment.
   */
  async rollOut(withinMs: number): Promise<number> {
    let version = 0;
    const watch = createListWatch({
      client: this.client,
      resource: pods,
      namespace: this.namespace,
      trim: ({ metadata }) => ({
        isNew: metadata.annotations?.["revision"] === nextRevision.revision,
        isEnding: metadata.deletionTimestamp !== undefined,
        version: Number(metadata.resourceVersion),
      }),
    });
    watch.onChange(({ before, now }) => {
      if (now?.isNew === false && now.isEnding && before?.isEnding === false) version = now.version;
    });
    const living = () => [...watch.items.values()].filter(({ isEnding }) => !isEnding);
    const isReplaced = (all: ReturnType<typeof living>): boolean =>
      all.length > 0 && all.every(({ isNew }) => isNew);
    try {
      await watch.start();
      await this.edit(
        { spec: { template: { metadata: { annotations: nextRevision } } } },
        workerName,
        deployments,
      );
      await eventually("no old pod is left", living, isReplaced, { withinMs });
      return version;
    } finally {
      await watch.stop();
    }
  }

  async status(name: string = workerName): Promise<WorkerAutoscalerStatus> {
    const path = { resource: autoscalers, namespace: this.namespace, name };
    const { status } = await this.client.get<{ readonly status?: WorkerAutoscalerStatus }>(path);
    return status ?? {};
  }

  async untilStatus(
    fits: (status: WorkerAutoscalerStatus) => boolean,
    what: string,
    options: { readonly name?: string; readonly withinMs?: number } = {},
  ): Promise<WorkerAutoscalerStatus> {
    const { name = workerName, withinMs = 60_000 } = options;
    return eventually(`${name} is ${what}`, () => this.status(name), fits, { withinMs });
  }

  async untilCondition(
    type: string,
    is: Condition["status"],
    options: { readonly name?: string; readonly withinMs?: number } = {},
  ): Promise<Condition> {
    const has = (condition: Condition): boolean => condition.type === type && condition.status === is;
    const status = await this.untilStatus(
      ({ conditions = [] }) => conditions.some(has),
      `${type}=${is}`,
      options,
    );
    const found = status.conditions?.find(has);
    if (found === undefined) throw new Error(`${type} is gone`);
    return found;
  }

  async pods(): Promise<readonly Pod[]> {
    const list = await this.client.list<{ readonly items: readonly Pod[] }>({
      resource: pods,
      namespace: this.namespace,
    });
    return list.items;
  }

  /** Resolves when so many pods are Ready, and no other one is there. */
  async untilPods(count: number, withinMs: number): Promise<void> {
    const what = `${count} pods, all Ready`;
    await eventually(
      what,
      () => this.#countPods(),
      ({ all, ready }) => ready === count && all === count,
      { withinMs },
    );
  }

  /** Resolves when the pods are as many as the target wants just then, and all of them Ready. */
  async untilPodsAsWanted(replicas: ReplicaRecorder, withinMs: number): Promise<void> {
    await eventually(
      "as many pods as are wanted, all Ready",
      async () => ({ ...(await this.#countPods()), wanted: replicas.now() }),
      ({ all, ready, wanted }) => ready === wanted && all === wanted,
      { withinMs },
    );
  }

  async #countPods(): Promise<{ readonly all: number; readonly ready: number }> {
    const all = await this.pods();
    return { all: all.length, ready: all.filter((pod) => isReady(pod)).length };
  }
}

/** A test with a scene of its own. */
export const test = base.extend<{ scene: Scene }>({
  scene: async ({ task }, use) => {
    const scene = await Scene.setUp();
    await use(scene);
    if (task.result?.state === "fail") process.stderr.write(`${task.name}:\n${await scene.account()}\n`);
    await scene.end();
  },
});

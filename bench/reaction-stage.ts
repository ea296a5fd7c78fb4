import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createControlPlane } from "../embedded/control-plane.ts";
import { createPrometheus } from "../embedded/prometheus.ts";
import { createRabbitmq } from "../embedded/rabbitmq.ts";
import { answers, type RunningProgram, type RunScope, untilReady } from "../embedded/run-scope.ts";
import type { ApiResource } from "../src/kubernetes/api-path.ts";
import { clusterAccess } from "../src/kubernetes/cluster-access.ts";
import type { WorkerAutoscalerStatus } from "../src/resource/worker-autoscaler-status.ts";
import { type ClusterClient, createClusterClient } from "../src/kubernetes/cluster-client.ts";

export const scrapeSeconds = 5;
export const cycleSeconds = 2;

const autoscalers: ApiResource = {
  group: "millrace.dev",
  version: "v1alpha1",
  plural: "workerautoscalers",
};
export const deployments: ApiResource = { group: "apps", version: "v1", plural: "deployments" };
const pods: ApiResource = { group: "", version: "v1", plural: "pods" };
export const namespace = "default";

const program = fileURLToPath(new URL("../bin/millrace.mjs", import.meta.url));
const worker = fileURLToPath(new URL("fixtures/reaction-worker.ts", import.meta.url));
const definitions = fileURLToPath(new URL("../manifests/crds", import.meta.url));

export type ReactionStage = {
  readonly client: ClusterClient;
  readonly amqpUrl: string;
  /** The operator of the checkout; without `fastPath` it asks no broker. */
  startOperator(options: { readonly fastPath: boolean }): Promise<RunningProgram>;
  /** This project's worker with a slot for each of so many types, and metrics that Prometheus scrapes. */
  startWorker(types: number): Promise<RunningProgram>;
  /** A Deployment of `replicas` pods, Ready if there are any, and its autoscaler. */
  addTarget(target: Target): Promise<void>;
  removeTarget(name: string): Promise<void>;
  /** Why the autoscaler asks for what it asks, as its status says. */
  explain(name: string): Promise<string>;
};

export type Target = {
  readonly name: string;
  readonly queue: string;
  readonly replicas: number;
  readonly max: number;
};

const deploymentOf = ({ name, replicas }: Target) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "worker", image: "none.invalid/worker:1" }] },
    },
  },
});

const autoscalerOf = ({ name, queue, replicas, max }: Target) => ({
  apiVersion: "millrace.dev/v1alpha1",
  kind: "WorkerAutoscaler",
  metadata: { name },
  spec: {
    scaleTargetRef: { name },
    queues: [{ name: queue }],
    objective: { waitSeconds: 5 },
    replicas: { min: replicas, max },
    slotsPerReplica: 1,
  },
});

type PodList = { readonly items: readonly { readonly metadata: { readonly name: string } }[] };
type Reported = { readonly status?: WorkerAutoscalerStatus };

/** No node runs pods here; what a kubelet would report of them is written by hand. */
const makeReady = async (client: ClusterClient, { name, replicas }: Target, podIP: string): Promise<void> => {
  const query = { labelSelector: `app=${name}` };
  let items: PodList["items"] = [];
  while (items.length < replicas) {
    await delay(50);
    ({ items } = await client.list<PodList>({ resource: pods, namespace }, { query }));
  }
  const now = new Date().toISOString();
  const conditions = ["PodScheduled", "ContainersReady", "Ready"].map((type) => ({
    type,
    status: "True",
    lastTransitionTime: now,
  }));
  for (const { metadata } of items)
    await client.mergePatch(
      { resource: pods, namespace, name: metadata.name, subresource: "status" },
      { status: { phase: "Running", podIP, conditions } },
    );
};

const untilLookedAt = async (client: ClusterClient, name: string): Promise<void> => {
  for (;;) {
    const { status } = await client.get<Reported>({ resource: autoscalers, namespace, name });
    if ((status?.conditions?.length ?? 0) > 0) return;
    await delay(200);
  }
};

/** A real API server, RabbitMQ and Prometheus, each of this run alone. */
export const createReactionStage = async (scope: RunScope): Promise<ReactionStage> => {
  const metricsPort = await scope.freePort();
  const controlPlane = await createControlPlane(scope, { say: (line) => process.stderr.write(`${line}\n`) });
  const broker = await createRabbitmq(scope);
  const prometheus = await createPrometheus(scope, {
    scrapeIntervalSeconds: scrapeSeconds,
    jobs: [{ name: "workers", targets: [`${scope.address}:${metricsPort}`] }],
  });
  await Promise.all([controlPlane.start(), broker.start(), prometheus.start()]);
  await controlPlane.kubectl("apply", "--server-side", "-f", definitions);
  await controlPlane.kubectl("wait", "--for=condition=Established", "crd", "--all");
  const { kubeconfig } = controlPlane;
  const client = createClusterClient(await clusterAccess({ kubeconfig, env: {} }));
  return {
    client,
    amqpUrl: broker.amqpUrl(),
    async startOperator({ fastPath }) {
      const listen = `${scope.address}:${await scope.freePort()}`;
      const operator = scope.spawn(`operator-${fastPath ? "whole" : "metrics"}`, [
        process.execPath,
        program,
        "operator",
        "--kubernetes",
        `--kubeconfig=${kubeconfig}`,
        "--lease-namespace=default",
        `--amqp-url=${broker.amqpUrl()}`,
        `--management-url=${broker.managementUrl()}`,
        `--prometheus-url=${prometheus.url()}`,
        `--scrape-seconds=${scrapeSeconds}`,
        `--cycle-seconds=${cycleSeconds}`,
        `--listen=${listen}`,
        ...(fastPath ? [] : ["--no-fast-path"]),
      ]);
      await untilReady("the operator", operator, () => answers(`http://${listen}/readyz`));
      return operator;
    },
    async startWorker(types) {
      const command = [
        process.execPath,
        worker,
        broker.amqpUrl(),
        String(types),
        scope.address,
        String(metricsPort),
      ];
      const started = scope.spawn("worker", command);
      await untilReady("the worker", started, () => answers(`http://${scope.address}:${metricsPort}/readyz`));
      return started;
    },
    async addTarget(target) {
      await client.create({ resource: deployments, namespace }, deploymentOf(target));
      if (target.replicas > 0) await makeReady(client, target, scope.address);
      await client.create({ resource: autoscalers, namespace }, autoscalerOf(target));
      await untilLookedAt(client, target.name);
    },
    async explain(name) {
      const { status } = await client.get<Reported>({ resource: autoscalers, namespace, name });
      const untrue = status?.conditions?.filter(
        (condition) => condition.status !== "False" || condition.type === "Ready",
      );
      return [status?.lastDecision?.explanation, ...(untrue ?? []).map(({ message }) => message)].join(" ");
    },
    async removeTarget(name) {
      await client.delete({ resource: autoscalers, namespace, name });
      await client.delete({ resource: deployments, namespace, name });
    },
  };
};

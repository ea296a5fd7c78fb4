import { connect } from "amqplib";
import { onTestFinished, expect, inject } from "vitest";
import { createRabbitmq, type Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { createRunScope } from "../../../embedded/run-scope.ts";
import type { ClusterClient, JsonPatchOperation } from "../../../src/kubernetes/cluster-client.ts";
import { hasCode } from "../../../src/kubernetes/errors.ts";
import type { WorkerAutoscalerStatus } from "../../../src/resource/worker-autoscaler-status.ts";
import { OperatorProcess } from "../../integration/operator/operator-process.ts";
import { createFakeKubelet, type FakeKubelet } from "../../support/fake-kubelet.ts";
import { installDefinition, workerAutoscalerDefinition } from "../../support/install-definition.ts";
import { clientOf, deployments, freshNamespace, podTemplate } from "../fleet-harness.ts";

export const workerAutoscalers = { group: "millrace.dev", version: "v1alpha1", plural: "workerautoscalers" };
const events = { group: "events.k8s.io", version: "v1", plural: "events" };

type Annotations = Readonly<Record<string, string | null>>;
type Event = {
  readonly reason: string;
  readonly type: string;
  readonly note: string;
  readonly action: string;
  readonly regarding: { readonly kind: string; readonly name: string };
};

/** A broker of this test file. */
export const startBroker = async (): Promise<{ broker: Rabbitmq; stop: () => Promise<void> }> => {
  const scope = await createRunScope();
  const broker = await createRabbitmq(scope);
  await broker.start();
  return { broker, stop: () => scope.stop() };
};

/** So many jobs that ten replicas are wanted however slowly they start: those that are late are cleared within three start-ups. */
export const plenty = 1_000;

/** A namespace with a Deployment `worker` at zero and a kubelet that is played; its queues are at the given broker. */
export class OperatorWorld {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly kubelet: FakeKubelet;
  readonly kubeconfig: string;
  readonly #broker: Rabbitmq;

  constructor(
    parts: Pick<OperatorWorld, "client" | "namespace" | "kubelet" | "kubeconfig">,
    broker: Rabbitmq,
  ) {
    this.client = parts.client;
    this.namespace = parts.namespace;
    this.kubelet = parts.kubelet;
    this.kubeconfig = parts.kubeconfig;
    this.#broker = broker;
  }

  /** Names of queues are unique by the namespace. */
  queue(name: string): string {
    return `${this.namespace}.${name}`;
  }

  async declare(name: string): Promise<void> {
    await this.#broker.manage("PUT", `queues/%2F/${this.queue(name)}`, { durable: true });
  }

  /** Resolves when the broker has all of them. */
  async publish(name: string, count: number): Promise<void> {
    const connection = await connect(this.#broker.amqpUrl());
    const channel = await connection.createConfirmChannel();
    for (let sent = 0; sent < count; sent += 1) channel.sendToQueue(this.queue(name), Buffer.from("{}"));
    await channel.waitForConfirms();
    await connection.close();
  }

  async purge(name: string): Promise<void> {
    await this.#broker.manage("DELETE", `queues/%2F/${this.queue(name)}/contents`);
  }

  async deploy(name: string, replicas = 0): Promise<void> {
    const labels = { app: name };
    const spec = { replicas, selector: { matchLabels: labels }, template: podTemplate(labels, 0) };
    await this.client.create(
      { resource: deployments, namespace: this.namespace },
      { metadata: { name }, spec },
    );
  }

  async autoscale(name: string, spec: object = {}, annotations: Annotations = {}): Promise<void> {
    const body = {
      apiVersion: "millrace.dev/v1alpha1",
      kind: "WorkerAutoscaler",
      metadata: { name, annotations },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "worker" },
        queues: [{ name: this.queue("jobs") }],
        objective: { waitSeconds: 5 },
        expectedServiceSeconds: 1,
        replicas: { min: 0, max: 10 },
        scaleIn: { holdSeconds: 3, toZeroAfterSeconds: 3 },
        ...spec,
      },
    };
    await this.client.create({ resource: workerAutoscalers, namespace: this.namespace }, body);
  }

  async edit(name: string, change: object): Promise<void> {
    await this.client.mergePatch(this.#autoscaler(name), change);
  }

  async annotate(name: string, annotations: Annotations): Promise<void> {
    await this.edit(name, { metadata: { annotations } });
  }

  async remove(name: string): Promise<void> {
    await this.client.delete(this.#autoscaler(name));
  }

  async status(name: string): Promise<WorkerAutoscalerStatus> {
    const { status = {} } = await this.client.get<{ status?: WorkerAutoscalerStatus }>(
      this.#autoscaler(name),
    );
    return status;
  }

  /** `True OwnedByOther`, for example; undefined while there is none. */
  async condition(name: string, type: string): Promise<string | undefined> {
    const found = (await this.status(name)).conditions?.find((condition) => condition.type === type);
    return found && `${found.status} ${found.reason}`;
  }

  /** Of the autoscaler and of its target: they change with every write. */
  async versions(name: string): Promise<readonly string[]> {
    const paths = [this.#autoscaler(name), this.#deployment("worker")];
    const objects = paths.map((path) => this.client.get<{ metadata: { resourceVersion: string } }>(path));
    return (await Promise.all(objects)).map(({ metadata }) => metadata.resourceVersion);
  }

  async replicas(deployment = "worker"): Promise<number> {
    const { spec } = await this.client.get<{ spec: { replicas: number } }>(this.#deployment(deployment));
    return spec.replicas;
  }

  /** As a person does by `kubectl scale`. */
  async scaleByHand(replicas: number, deployment = "worker"): Promise<void> {
    const operations: JsonPatchOperation[] = [{ op: "add", path: "/spec/replicas", value: replicas }];
    await this.client.patch({ ...this.#deployment(deployment), subresource: "scale" }, operations);
  }

  /** Of the autoscalers only. */
  async events(): Promise<readonly Event[]> {
    const path = { resource: events, namespace: this.namespace };
    const { items } = await this.client.list<{ items: readonly Event[] }>(path);
    return items.filter(({ regarding }) => regarding.kind === "WorkerAutoscaler");
  }

  /** The operator as people start it; it is ended with the test. */
  operator(...flags: readonly string[]): OperatorProcess {
    const { kubeconfig, namespace } = this;
    const cluster = `--kubernetes --kubeconfig ${kubeconfig} --namespaces ${namespace} --lease-namespace ${namespace}`;
    const broker = `--amqp-url ${this.#broker.amqpUrl()} --management-url ${this.#broker.managementUrl()}`;
    const fixed = `${cluster} ${broker} --cycle-seconds 0.5`;
    const operator = new OperatorProcess([...fixed.split(" "), ...flags]);
    onTestFinished(async () => {
      await operator.end("SIGKILL");
    });
    return operator;
  }

  #autoscaler(name: string) {
    return { resource: workerAutoscalers, namespace: this.namespace, name };
  }

  #deployment(name: string) {
    return { resource: deployments, namespace: this.namespace, name };
  }
}

/** A world with its queue `jobs` and its Deployment `worker`, until the test has finished. */
export const operatorWorld = async (
  broker: Rabbitmq,
  { kubeconfig = inject("controlPlane").kubeconfig }: { readonly kubeconfig?: string } = {},
): Promise<OperatorWorld> => {
  const client = await clientOf(kubeconfig);
  await installDefinition(client, workerAutoscalerDefinition);
  const namespace = await freshNamespace(client);
  const kubelet = createFakeKubelet(client, namespace);
  await kubelet.start();
  onTestFinished(async () => {
    await kubelet.stop();
    await client
      .delete({ resource: { group: "", version: "v1", plural: "namespaces" }, name: namespace })
      .catch((cause: unknown) => {
        // Its API server may have ended before the test has.
        if (!hasCode(cause, "unreachable")) throw cause;
      });
    client.close();
  });
  const world = new OperatorWorld({ client, namespace, kubelet, kubeconfig }, broker);
  await world.declare("jobs");
  await world.deploy("worker");
  return world;
};

/** Polls until the value is as expected. */
export const eventually = <T>(read: () => Promise<T>, timeoutMs = 40_000) =>
  expect.poll(read, { timeout: timeoutMs, interval: 100 });

/** Resolves when the condition of the autoscaler `images` is as expected: its status and its reason. */
export const untilCondition = async (world: OperatorWorld, type: string, expected: string): Promise<void> => {
  await eventually(() => world.condition("images", type)).toBe(expected);
};

/** Resolves when the operator decides for the autoscaler `images`. */
export const untilReady = (world: OperatorWorld): Promise<void> =>
  untilCondition(world, "Ready", "True Deciding");

/** Resolves when the status of the autoscaler `images` recommends replicas; figures alone are written once a minute. */
export const untilRecommended = async (world: OperatorWorld): Promise<void> => {
  const recommended = async () => (await world.status("images")).replicas?.recommended;
  await eventually(recommended, 90_000).toBeGreaterThan(0);
};

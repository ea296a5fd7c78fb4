import { readdirSync, readFileSync } from "node:fs";
import { connect } from "amqplib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { createPrometheus, type Prometheus } from "../../../embedded/prometheus.ts";
import { createRabbitmq, type Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { createRunScope } from "../../../embedded/run-scope.ts";
import { parseResource } from "../../../src/resource/parse-resource.ts";
import type { WorkerAutoscaler } from "../../../src/resource/worker-autoscaler.ts";
import { MetricsTarget } from "../../integration/adapters/metrics-target.ts";
import { deployments, podTemplate } from "../fleet-harness.ts";
import { eventually, type OperatorWorld, operatorWorld, workerAutoscalers } from "./operator-world.ts";

type Document = { readonly kind: string; readonly metadata: { readonly name: string } };

const folder = new URL("../../../manifests/samples/", import.meta.url);
const documents: readonly Document[] = readdirSync(folder).flatMap((file) =>
  parseAllDocuments(readFileSync(new URL(file, folder), "utf8")).map(
    (document) => document.toJS() as Document,
  ),
);
const samples: readonly WorkerAutoscaler[] = documents.flatMap((document) => {
  const parsed = document.kind === "WorkerAutoscaler" ? parseResource(document) : undefined;
  return parsed?.kind === "resource" && parsed.resource.kind === "WorkerAutoscaler" ? [parsed.resource] : [];
});
/** A queue that the pattern of a sample matches. */
const matched = "jobs.tenant-7.export";

const uploads = new MetricsTarget();
let broker: Rabbitmq;
let prometheus: Prometheus;
let stopServers: () => Promise<void>;
beforeAll(async () => {
  const scope = await createRunScope();
  uploads.page = "upload_files_open 250\n";
  const jobs = [{ name: "uploads", targets: [await uploads.start(scope.address)] }];
  broker = await createRabbitmq(scope);
  prometheus = await createPrometheus(scope, { jobs, scrapeIntervalSeconds: 1 });
  await Promise.all([broker.start(), prometheus.start()]);
  await broker.addVhost("notices");
  stopServers = () => scope.stop();
});
afterAll(async () => {
  await stopServers();
  await uploads.stop();
});

/** Declares the queues of a sample; with `jobs`, puts so many into each. */
async function fill({ spec }: WorkerAutoscaler, { jobs }: { readonly jobs: number }): Promise<void> {
  for (const { name = matched, vhost } of spec.queues) {
    const connection = await connect(broker.amqpUrl(vhost));
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(name, { durable: true });
    for (let sent = 0; sent < jobs; sent += 1) channel.sendToQueue(name, Buffer.from("{}"));
    await channel.waitForConfirms();
    await connection.close();
  }
}

const resourceOf = ({ kind }: { readonly kind: string }) =>
  kind === "StatefulSet" ? { ...deployments, plural: "statefulsets" } : deployments;

/** What the sample scales, unless the sample brings it along. */
async function deployTarget(world: OperatorWorld, { spec }: WorkerAutoscaler): Promise<void> {
  const { kind, name } = spec.scaleTargetRef;
  const path = { resource: resourceOf(spec.scaleTargetRef), namespace: world.namespace };
  const own = documents.find((document) => document.kind === kind && document.metadata.name === name);
  const labels = { app: name };
  await world.client.create<object>(
    path,
    own ?? {
      metadata: { name },
      spec: { replicas: 0, selector: { matchLabels: labels }, template: podTemplate(labels) },
    },
  );
}

async function replicasOf(world: OperatorWorld, { spec }: WorkerAutoscaler): Promise<number> {
  const { name } = spec.scaleTargetRef;
  const path = { resource: resourceOf(spec.scaleTargetRef), namespace: world.namespace, name };
  return (await world.client.get<{ spec: { replicas: number } }>(path)).spec.replicas;
}

test("every sample works as it stands: it is ready, and does what its comment says", async () => {
  const world = await operatorWorld(broker);
  for (const sample of samples) {
    await fill(sample, { jobs: 0 });
    await deployTarget(world, sample);
  }
  for (const document of documents.filter(({ kind }) => kind === "WorkerAutoscaler"))
    await world.client.create({ resource: workerAutoscalers, namespace: world.namespace }, document);
  world.operator("--prometheus-url", prometheus.url());
  for (const { metadata } of samples) {
    await eventually(() => world.condition(metadata.name, "Ready")).toBe("True Deciding");
    await eventually(() => world.condition(metadata.name, "SignalsFresh")).toBe("True Fresh");
  }
  expect(samples).toHaveLength(readdirSync(folder).length);
  for (const sample of samples) {
    const { metadata, spec } = sample;
    // Another signal asks for more than the queue does.
    if (spec.floor !== undefined) {
      await eventually(() => replicasOf(world, sample)).toBe(3);
      continue;
    }
    await fill(sample, { jobs: 500 });
    if (spec.mode === "Active") {
      await eventually(() => replicasOf(world, sample)).toBeGreaterThan(Math.max(1, spec.replicas.min));
    } else {
      const last = async () => (await world.status(metadata.name)).lastDecision?.outcome;
      await eventually(last).toBe("dry-run");
      expect(await replicasOf(world, sample)).toBe(0);
    }
  }
});

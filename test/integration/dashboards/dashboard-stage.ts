import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Registry } from "prom-client";
import { createPrometheus } from "../../../embedded/prometheus.ts";
import type { RunScope } from "../../../embedded/run-scope.ts";
import { type Client, createClient } from "../../../kit/src/client/client.ts";
import { sleepContract } from "../../../src/jobs/sleep-contract.ts";
import { KubernetesError } from "../../../src/kubernetes/errors.ts";
import { createFleetMetrics } from "../../../src/kubernetes/fleet-metrics.ts";
import { createKubernetesMetrics } from "../../../src/kubernetes/metrics.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import { shortRules } from "../../support/short-rules.ts";
import { MetricsTarget } from "../adapters/metrics-target.ts";
import { OperatorProcess } from "../operator/operator-process.ts";
import { history } from "./history.ts";

const SCRAPE_SECONDS = 1;
const apiVersion = "millrace.dev/v1alpha1";
export const NAMESPACE = "default";
/** A busy autoscaler that cannot keep its promise: two workers, and more jobs than they can do. */
export const BUSY = "busy";
/** One whose queues have names that nobody would choose. */
export const ODD = "odd";
/** One whose queue does not exist. */
export const BLIND = "blind";

const BACKLOG_JOBS = 1_000;
/** Some fifty a second can be done. */
const JOBS_PER_SECOND = 60;
const JOB_SECONDS = 0.2;
const WAIT_SECONDS = 1;
export const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";

export type DashboardStage = {
  readonly prometheusUrl: string;
  stop(): Promise<void>;
};

/** A real operator with workers under load, and a Prometheus with the product's rules that knows four weeks. */
export const startDashboardStage = async (
  scope: RunScope,
  oddQueues: readonly string[],
): Promise<DashboardStage> => {
  const vhost = await freshVhost();
  const client = createClient({ amqpUrl: vhost.amqpUrl(), jobs: [sleepContract] });
  const cluster = new MetricsTarget();
  const port = await scope.freePort();
  const prometheusUrl = `http://${scope.address}:${port}`;
  const operator = await startOperator(scope, { vhost, oddQueues, prometheusUrl });
  cluster.page = await clusterMetrics();
  const operatorTarget = new URL(await operator.url()).host;
  const prometheus = await createPrometheus(scope, {
    port,
    scrapeIntervalSeconds: SCRAPE_SECONDS,
    ruleFiles: await shortRules(join(scope.directory, "rules")),
    historyFile: await historyFile(scope, vhost.vhost, operatorTarget),
    jobs: [
      { name: "workers", discoveryDirectory: join(scope.directory, "discovery") },
      { name: "operator", honorLabels: true, targets: [operatorTarget, await cluster.start(scope.address)] },
    ],
  });
  await Promise.all([prometheus.start(), client.start()]);
  await publishOdd(vhost, oddQueues);
  const enough = new AbortController();
  const submitted = submitTooMany(client, enough.signal);
  return {
    prometheusUrl,
    async stop() {
      enough.abort();
      await submitted;
      await operator.end("SIGTERM");
      await Promise.all([client.stop(), cluster.stop()]);
      await prometheus.stop();
      await vhost.remove();
    },
  };
};

const startOperator = async (
  scope: RunScope,
  {
    vhost,
    oddQueues,
    prometheusUrl,
  }: { readonly vhost: FreshVhost; readonly oddQueues: readonly string[]; readonly prometheusUrl: string },
): Promise<OperatorProcess> => {
  const folder = (name: string): string => join(scope.directory, name);
  for (const name of ["config", "discovery", "account"]) await mkdir(folder(name));
  await writeFile(
    join(folder("config"), "resources.yaml"),
    [
      busyResource(vhost),
      watchingResource(ODD, vhost, oddQueues),
      watchingResource(BLIND, vhost, ["jobs.missing"]),
      ...[BUSY, ODD, BLIND].map((name) => pool(name, vhost, folder("account"))),
    ]
      .map((resource) => JSON.stringify(resource))
      .join("\n---\n"),
  );
  const flags = {
    "--config": folder("config"),
    "--state": folder("state.json"),
    "--amqp-url": vhost.amqpUrl(),
    "--management-url": vhost.managementUrl,
    "--prometheus-url": prometheusUrl,
    "--discovery-dir": folder("discovery"),
    "--worker-log-dir": scope.directory,
    "--cycle-seconds": "0.5",
    "--scrape-seconds": String(SCRAPE_SECONDS),
  };
  return new OperatorProcess(Object.entries(flags).flat());
};

const autoscaler = (name: string, spec: object): object => ({
  apiVersion,
  kind: "WorkerAutoscaler",
  metadata: { name },
  spec: { scaleTargetRef: { apiVersion, kind: "ProcessPool", name }, ...spec },
});

const busyResource = (vhost: FreshVhost): object =>
  autoscaler(BUSY, {
    queues: [{ name: "jobs.sleep", vhost: vhost.vhost }],
    objective: { waitSeconds: WAIT_SECONDS, serviceSeconds: 60, ackTimeoutSeconds: 1_800 },
    replicas: { min: 1, max: 2 },
    slotsPerReplica: 5,
    floor: { promql: "vector(1)" },
  });

/** It only says what it would do: nobody consumes from these queues. */
const watchingResource = (name: string, vhost: FreshVhost, queues: readonly string[]): object =>
  autoscaler(name, {
    queues: queues.map((queue) => ({ name: queue, vhost: vhost.vhost })),
    objective: { waitSeconds: 30 },
    replicas: { min: 0, max: 1 },
    mode: "DryRun",
  });

/** The demo's worker: one first attempt in fifty fails. */
const pool = (name: string, vhost: FreshVhost, accountDirectory: string): object => ({
  apiVersion,
  kind: "ProcessPool",
  metadata: { name },
  spec: {
    command: [
      process.execPath,
      fileURLToPath(new URL("../../../bin/millrace.mjs", import.meta.url)),
      "worker",
      "--jobs",
      fileURLToPath(new URL("../../../demo/worker-jobs.ts", import.meta.url)),
      "--concurrency",
      "5",
      "--objective-wait-seconds",
      String(WAIT_SECONDS),
    ],
    env: { AMQP_URL: vhost.amqpUrl(), MILLRACE_DEMO_ACCOUNT: accountDirectory, LOG_LEVEL: "warn" },
  },
});

const publishOdd = async (vhost: FreshVhost, oddQueues: readonly string[]): Promise<void> => {
  for (const queue of oddQueues) {
    await vhost.manage("PUT", `queues/{vhost}/${encodeURIComponent(queue)}`, { durable: true });
    await vhost.manage("POST", "exchanges/{vhost}/amq.default/publish", {
      routing_key: queue,
      properties: { timestamp: Math.floor(Date.now() / 1_000) },
      payload: "{}",
      payload_encoding: "string",
    });
  }
};

/** A backlog at once, and more jobs than the workers do until it is told to stop. */
const submitTooMany = async (client: Client, signal: AbortSignal): Promise<void> => {
  const traceparent = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
  const submit = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        client.submit(sleepContract, { seconds: JOB_SECONDS }, { traceparent, deadlineSeconds: 60 }),
      ),
    );
  await submit(BACKLOG_JOBS);
  while (!signal.aborted) {
    await submit(JOBS_PER_SECOND);
    await delay(1_000);
  }
};

/** What an operator on a cluster exports beside: from the components that do so there, with made-up readings. */
const clusterMetrics = async (): Promise<string> => {
  const registry = new Registry();
  const resource = { group: "", version: "v1", plural: "pods" };
  const cache = {
    resource,
    size: 3,
    listed: async () => {},
    oldestMs: 0,
    staleBecause: () => undefined,
    stop: async () => {},
  };
  createKubernetesMetrics(registry, {
    leaseTransitions: () => 1,
    openConnections: () => 2,
    rejected: () => 0,
  });
  const fleet = createFleetMetrics(registry, () => [cache]);
  fleet.victims("hit");
  fleet.watchFailed(resource, new KubernetesError("away", { code: "unreachable" }));
  return registry.metrics();
};

const historyFile = async (scope: RunScope, vhost: string, instance: string): Promise<string> => {
  const subject = { namespace: NAMESPACE, autoscaler: BUSY };
  const file = join(scope.directory, "history.txt");
  const queue = { ...subject, broker: "default", vhost, queue: "jobs.sleep" };
  const text = history(queue, { ...subject, job: "operator", instance }, Math.floor(Date.now() / 1_000) - 60);
  await writeFile(file, text);
  return file;
};

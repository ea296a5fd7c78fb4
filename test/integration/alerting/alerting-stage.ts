import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createAlertmanager } from "../../../embedded/alertmanager.ts";
import { createPrometheus } from "../../../embedded/prometheus.ts";
import type { RunScope } from "../../../embedded/run-scope.ts";
import { createSmtpSink, type SmtpSink } from "../../../embedded/smtp-sink.ts";
import { shortRules } from "../../support/short-rules.ts";
import { OperatorProcess } from "../operator/operator-process.ts";
import { exampleConfig } from "./example-config.ts";
import { createNotificationReceiver, type NotificationReceiver } from "./notification-receiver.ts";

export const SCRAPE_SECONDS = 1;
/** The scrape job of all operators at once: no lease keeps them from leading together. */
export const TOGETHER = "together";
const apiVersion = "millrace.dev/v1alpha1";

export type Watched = {
  readonly name: string;
  readonly queue: string;
  readonly vhost: string;
  readonly spec: object;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** One autoscaler and its pool, as the operator reads them. */
export const resourcesOf = ({ name, queue, vhost, spec, command, env }: Watched): string => {
  const autoscaler = {
    apiVersion,
    kind: "WorkerAutoscaler",
    metadata: { name },
    spec: {
      scaleTargetRef: { apiVersion, kind: "ProcessPool", name },
      queues: [{ name: queue, vhost }],
      ...spec,
    },
  };
  const pool = { apiVersion, kind: "ProcessPool", metadata: { name }, spec: { command, env } };
  return `${JSON.stringify(autoscaler)}\n---\n${JSON.stringify(pool)}\n`;
};

/** Operators, a Prometheus with the product's rules, and an Alertmanager with the example's routes to local receivers. */
export type AlertingStage = {
  readonly receiver: NotificationReceiver;
  readonly mails: SmtpSink;
  /** By the name of their scrape job. */
  readonly operators: Readonly<Record<string, OperatorProcess>>;
  stop(): Promise<void>;
};

export type OperatorPlan = {
  /** Of its scrape job, and of its files in the scope's folder. */
  readonly name: string;
  readonly brokerUrl: string;
  /** Where it reads the broker's statistics; without it passive declares and the workers tell everything. */
  readonly managementUrl?: string;
  readonly resources: readonly string[];
};

/** The folder with an operator's resources, which may be written anew while it runs. */
export const resourcesFile = (scope: RunScope, operator: string): string =>
  join(scope.directory, operator, "config", "resources.yaml");

/** @param historyFile what Prometheus has recorded before, as OpenMetrics */
export async function startAlertingStage(
  scope: RunScope,
  plans: readonly OperatorPlan[],
  historyFile: string,
): Promise<AlertingStage> {
  const port = await scope.freePort();
  const prometheusUrl = `http://${scope.address}:${port}`;
  const discovery = join(scope.directory, "discovery");
  await mkdir(discovery);
  const started = await Promise.all(
    plans.map(
      async (plan) => [plan.name, await startOperator(scope, plan, { prometheusUrl, discovery })] as const,
    ),
  );
  const operators = Object.fromEntries(started);
  const receiver = createNotificationReceiver();
  const mails = createSmtpSink();
  await Promise.all([receiver.start(), mails.start()]);
  const operatorTargets = await Promise.all(
    started.map(async ([name, operator]) => [name, new URL(await operator.url()).host] as const),
  );
  const addresses = {
    onCall: receiver.url("on-call"),
    chat: receiver.url("chat"),
    smarthost: `${mails.host}:${mails.port()}`,
  };
  const alertmanager = await createAlertmanager(scope, { config: exampleConfig(addresses) });
  const prometheus = await createPrometheus(scope, {
    port,
    scrapeIntervalSeconds: SCRAPE_SECONDS,
    ruleFiles: await shortRules(join(scope.directory, "rules")),
    alertmanagers: [alertmanager.target],
    historyFile,
    jobs: [
      { name: "workers", discoveryDirectory: discovery },
      ...operatorTargets.map(([name, target]) => ({ name, targets: [target], honorLabels: true })),
      { name: TOGETHER, targets: operatorTargets.map(([, target]) => target), honorLabels: true },
    ],
  });
  await Promise.all([alertmanager.start(), prometheus.start()]);
  return {
    receiver,
    mails,
    operators,
    async stop() {
      await Promise.all(Object.values(operators).map((operator) => operator.end("SIGTERM")));
      await Promise.all([receiver.stop(), mails.stop()]);
    },
  };
}

async function startOperator(
  scope: RunScope,
  { name, brokerUrl, managementUrl, resources }: OperatorPlan,
  { prometheusUrl, discovery }: { readonly prometheusUrl: string; readonly discovery: string },
): Promise<OperatorProcess> {
  const file = resourcesFile(scope, name);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, resources.join("---\n"));
  const flags = {
    "--config": join(file, ".."),
    "--state": join(scope.directory, name, "state.json"),
    "--amqp-url": brokerUrl,
    ...(managementUrl !== undefined && { "--management-url": managementUrl }),
    "--prometheus-url": prometheusUrl,
    "--discovery-dir": discovery,
    "--worker-log-dir": scope.directory,
    "--cycle-seconds": "0.5",
    "--scrape-seconds": String(SCRAPE_SECONDS),
  };
  return new OperatorProcess(Object.entries(flags).flat());
}

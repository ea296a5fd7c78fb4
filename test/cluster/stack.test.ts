import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRunScope, type RunScope } from "../../embedded/run-scope.ts";
import { chartTools } from "../chart/chart-tools.ts";
import { type HelmCommand, helmCommand, release } from "../chart/helm-command.ts";
import { appliedDocument, publishingScript } from "../chart/installation-notes.ts";
import { chartFolder, type Values } from "../chart/render-chart.ts";
import {
  createNotificationReceiver,
  type NotificationReceiver,
} from "../integration/alerting/notification-receiver.ts";
import { freshVhost, type FreshVhost } from "../support/fresh-vhost.ts";
import { shortRules } from "../support/short-rules.ts";
import { importDistributionProgram } from "./support/distribution-image.ts";
import { eventually } from "./support/eventually.ts";
import { stage } from "./support/stage-facts.ts";

const run = promisify(execFile);
const tools = await chartTools();
const prometheusImage = { registry: "", repository: "millrace-test-prometheus", tag: "1" };
const alertmanagerImage = { registry: "", repository: "millrace-test-alertmanager", tag: "1" };
const tagOf = ({ repository, tag }: typeof prometheusImage): string => `${repository}:${tag}`;

type Target = { readonly labels: Readonly<Record<string, string>>; readonly health: string };
type Targets = { readonly data: { readonly activeTargets: readonly Target[] } };
type Alert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly receivers: readonly { readonly name: string }[];
};

/** Beside the operator of the other proofs, and of one mind with it: the count is one, whoever decides. */
const autoscaler = (namespace: string, vhost: string) => ({
  apiVersion: "millrace.dev/v1alpha1",
  kind: "WorkerAutoscaler",
  metadata: { name: "sleep", namespace },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: `${release}-millrace-worker` },
    queues: [{ name: "jobs.sleep", vhost }],
    objective: { waitSeconds: 1 },
    replicas: { min: 1, max: 1 },
  },
});

/** Prometheus and Alertmanager are the distribution's; Grafana cannot be had here. */
describe.skipIf("missing" in tools)("the chart's stack", () => {
  const namespace = `stack-${randomUUID().slice(0, 8)}`;
  const { kubeconfig, host, amqpPort, managementPort, login, image } = stage();
  let scope: RunScope;
  let vhost: FreshVhost;
  let receiver: NotificationReceiver;
  let command: HelmCommand;
  let notes: string;
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await run(stage().kubectl, [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, ...args])).stdout;
  /** What a part of the stack answers, asked through the API server. */
  const ask = async <T>(part: string, path: string): Promise<T> => {
    const service = `/api/v1/namespaces/${namespace}/services/${release}-millrace-${part}/proxy`;
    return JSON.parse(await kubectl("get", "--raw", `${service}${path}`)) as T;
  };
  const values = (): Values => {
    const [repository, tag] = image.split(":");
    return {
      image: { registry: "", repository, tag },
      crds: { install: false },
      rbac: { scope: "namespace" },
      brokers: {
        default: {
          amqpUrl: `amqp://${host}:${amqpPort}`,
          managementUrl: `http://${host}:${managementPort}`,
          existingSecret: "broker",
        },
      },
      prometheus: { scrapeSeconds: 1 },
      operator: { replicas: 2 },
      worker: {
        enabled: true,
        amqp: { existingSecret: "broker" },
        concurrency: 1,
        objectiveWaitSeconds: [1],
      },
      stack: {
        enabled: true,
        prometheus: { image: prometheusImage },
        alertmanager: {
          image: alertmanagerImage,
          receivers: { "millrace-on-call": { webhook_configs: [{ url: receiver.url("on-call") }] } },
        },
        grafana: { enabled: false },
      },
    };
  };

  beforeAll(async () => {
    scope = await createRunScope();
    vhost = await freshVhost();
    receiver = createNotificationReceiver(host);
    await receiver.start();
    const helm = "missing" in tools ? "" : tools.helm4;
    command = helmCommand({ helm, kubeconfig, namespace, directory: scope.directory });
    await kubectl("create", "namespace", namespace);
    await kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted");
    const texts = { ...login, connection_string: vhost.amqpUrl() };
    const literals = Object.entries(texts).map(([key, text]) => `--from-literal=${key}=${text}`);
    await kubectl("create", "secret", "generic", "broker", ...literals);
    await importDistributionProgram(tagOf(prometheusImage), "prometheus");
    await importDistributionProgram(tagOf(alertmanagerImage), "alertmanager");
  });
  afterAll(async () => {
    await kubectl("delete", "namespace", namespace, "--wait=false");
    await receiver.stop();
    await vhost.remove();
    await scope.stop();
  });

  test("installs where pods are restricted, and says how to reach it", async () => {
    const chart = join(scope.directory, "chart");
    await cp(chartFolder, chart, { recursive: true });
    await shortRules(join(chart, "files/rules"));
    notes = await command.install(values(), { chart, wait: true });
    expect(notes).toContain(
      `kubectl port-forward --namespace ${namespace} service/${release}-millrace-prometheus 9090`,
    );
    expect(notes).not.toContain("grafana");
    const file = join(scope.directory, "first.yaml");
    await writeFile(file, appliedDocument(notes));
    expect(await kubectl("apply", "--dry-run=server", "-f", file)).toContain("workerautoscaler");
  });

  /** Resolves once Prometheus has one target that is up for each of these jobs, and no other. */
  const untilUp = async (...jobs: readonly string[]): Promise<void> => {
    const targets = async (): Promise<string> => {
      const { data } = await ask<Targets>("prometheus:http", "/api/v1/targets");
      const seen = data.activeTargets.map(
        ({ labels, health }) => `${labels["job"]} in ${labels["namespace"]} ${health}`,
      );
      return seen.toSorted().join(", ");
    };
    const wanted = jobs.map((job) => `${job} in ${namespace} up`).join(", ");
    const look = () => targets().catch(String); // the Service may have no endpoint yet
    await eventually(wanted, look, (seen) => seen === wanted, { withinMs: 60_000 });
  };

  test("finds every pod by DNS, and has the rules", async () => {
    await untilUp("operator", "operator", "worker");
    const { data } = await ask<{ data: { groups: readonly { rules: readonly { health: string }[] }[] } }>(
      "prometheus:http",
      "/api/v1/rules",
    );
    const health = data.groups.flatMap(({ rules }) => rules.map((rule) => rule.health));
    expect(health.length).toBeGreaterThan(40);
    expect(health).not.toContain("err");
  });

  test("a backlog reaches Alertmanager, and whoever is on call", async ({ annotate }) => {
    const file = join(scope.directory, "autoscaler.json");
    await writeFile(file, JSON.stringify(autoscaler(namespace, vhost.vhost)));
    await kubectl("apply", "-f", file);
    const startedMs = Date.now();
    const node = ["node", "--input-type=module", "--eval", publishingScript(notes) ?? ""];
    await kubectl("exec", `deployment/${release}-millrace-worker`, "--", ...node);
    const isOurs = ({ labels }: Pick<Alert, "labels">): boolean =>
      labels["alertname"] === "MillraceBacklogWaitCritical" && labels["queue"] === "jobs.sleep";
    const alerts = await eventually(
      "the backlog's alert",
      () => ask<readonly Alert[]>("alertmanager:http", "/api/v2/alerts").catch(() => []),
      (seen) => seen.some(isOurs),
      { withinMs: 120_000 },
    );
    const atAlertmanagerMs = Date.now();
    const alert = alerts.find(isOurs);
    expect(alert).toMatchObject({
      labels: { severity: "critical", namespace, autoscaler: "sleep", vhost: vhost.vhost },
      annotations: { runbook_url: "http://localhost:9091/docs/runbooks/MillraceBacklogWaitCritical.md" },
    });
    expect(alert?.receivers).toContainEqual({ name: "millrace-on-call" });
    // Where the runbook is when the operator's port is forwarded as the notes say.
    const runbook = new URL(alert?.annotations["runbook_url"] ?? "");
    const proxy = `/api/v1/namespaces/${namespace}/services/${release}-millrace-operator:http-metrics/proxy`;
    expect(await kubectl("get", "--raw", `${proxy}${runbook.pathname}`)).toContain("## Mitigation");
    const { status } = await receiver.notification((one) => one.alerts.some(isOurs));
    expect(status).toBe("firing");
    await annotate(
      `backlog → Alertmanager ${(atAlertmanagerMs - startedMs) / 1_000} s, → on call ${(Date.now() - startedMs) / 1_000} s`,
    );
  });

  test("the operator reads the workers' metrics from it", async () => {
    type Answer = { readonly data: { readonly result: readonly object[] } };
    const query = encodeURIComponent('millrace_attainment_ratio{autoscaler="sleep"}');
    // A late scrape makes a series stale until the next one.
    await eventually(
      "one series",
      () => ask<Answer>("prometheus:http", `/api/v1/query?query=${query}`).catch(String),
      (answer) => typeof answer !== "string" && answer.data.result.length === 1,
      { withinMs: 60_000 },
    );
  });

  test("forgets the pods that leave, the last one too", async () => {
    await kubectl("delete", "workerautoscaler", "sleep");
    await kubectl("scale", `deployment/${release}-millrace-worker`, "--replicas=0");
    await untilUp("operator", "operator");
  });
});

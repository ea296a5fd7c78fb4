import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chartTools } from "./chart-tools.ts";
import { monitored, smallest } from "./configurations.ts";
import { installationNotes } from "./installation-notes.ts";
import { chartFolder, find, renderChart, type Values } from "./render-chart.ts";

const tools = await chartTools();
const prometheus = { url: "http://prometheus:9090" };

const notesOf = (values: Values): string => installationNotes("missing" in tools ? "" : tools.helm4, values);

describe.skipIf("missing" in tools)("the notes", () => {
  test("name the next three commands, and complain of nothing when all is well", () => {
    const notes = notesOf({ ...smallest, prometheus });
    expect(notes).toContain("helm test demo --namespace messaging");
    expect(notes).toContain("kubectl apply --namespace default");
    expect(notes).toContain("kubectl get workerautoscalers");
    expect(notes).not.toMatch(/WARNING|NOTE:/);
  });

  test("apply to the namespace that is watched", () => {
    const rbac = { scope: "namespace", watchNamespaces: ["shop", "mail"] };
    expect(notesOf({ ...smallest, rbac })).toContain("it works in: shop, mail");
    expect(notesOf({ ...smallest, rbac })).toContain("kubectl apply --namespace shop");
  });

  test.each([
    [
      "monitors that nobody reads",
      monitored("ServiceMonitor"),
      "does not have the Prometheus Operator's definitions",
    ],
    ["rules that nobody reads", { ...smallest, rules: { enabled: true } }, "rules.enabled is true"],
    [
      "routes that nobody reads",
      { ...smallest, alertmanagerConfig: { enabled: true } },
      "does not have the Prometheus Operator's AlertmanagerConfig",
    ],
    [
      "routes that lead to nobody",
      { ...smallest, alertmanagerConfig: { enabled: true } },
      "no receiver that tells anybody",
    ],
    ["no Prometheus", smallest, "prometheus.url is empty"],
    ["no broker", { prometheus }, "replicas.min should be 1 or more"],
    [
      "a broker without a login",
      { ...smallest, brokers: { far: { amqpUrl: "amqp://far" } } },
      "--set brokers.far.existingSecret=SECRET",
    ],
    [
      "autoscalers that go with the chart",
      { ...smallest, crds: { keep: false } },
      "deletes every WorkerAutoscaler",
    ],
  ] as const)("warn of %s", (_what, values: Values, told) => {
    expect(notesOf(values)).toContain(told);
  });
});

describe.skipIf("missing" in tools)("the notes on the stack", () => {
  test("name a port-forward for each part, and how to log in", () => {
    const notes = notesOf({ ...smallest, stack: { enabled: true, rabbitmq: { enabled: true } } });
    const forward = "kubectl port-forward --namespace messaging service/demo-millrace";
    const ports = { grafana: 3000, prometheus: 9090, alertmanager: 9093, rabbitmq: 15_672 };
    for (const [part, port] of Object.entries(ports)) expect(notes).toContain(`${forward}-${part} ${port} `);
    expect(notes).toContain(
      "kubectl get secret --namespace messaging demo-millrace-grafana --output jsonpath='{.data.admin-password}' | base64 -d",
    );
  });

  test("are silent on what does not run", () => {
    const off = { enabled: false };
    const notes = notesOf({ ...smallest, stack: { enabled: true, grafana: off, alertmanager: off } });
    expect(notes).toContain("service/demo-millrace-prometheus 9090");
    expect(notes).not.toMatch(/grafana|alertmanager|rabbitmq 15672/);
    const forwards = notesOf({ ...smallest, prometheus }).match(/service\/demo-millrace-\w+ .*/g);
    expect(forwards).toEqual([expect.stringMatching(/-operator 9091:9090 +# http:\/\/localhost:9091$/)]);
  });

  test.each([
    ["alerts that nobody is told of", {}, "stack.alertmanager.receivers is empty"],
    ["workers that it does not scrape", {}, "stack.prometheus.workers is empty"],
    [
      "jobs that end with a pod",
      { rabbitmq: { enabled: true } },
      "stack.rabbitmq.persistence.enabled is false",
    ],
  ])("warn of %s", (_what, stack, told) => {
    expect(notesOf({ ...smallest, stack: { enabled: true, ...stack } })).toContain(told);
  });

  test("say to which ports of the cluster's pods alerts get, unless told of more", () => {
    const receivers = {
      "millrace-on-call": { webhook_configs: [{ url: "http://on-call.shop.svc/alerts" }] },
    };
    const notesWith = (networkPolicy: Values) =>
      notesOf({ ...smallest, stack: { enabled: true, alertmanager: { receivers } }, networkPolicy });
    expect(notesWith({ enabled: true })).toContain("get to the ports 443, 80 only");
    expect(notesWith({ enabled: true, receiverPorts: [8080] })).not.toContain("get to the ports");
    expect(notesWith({})).not.toContain("get to the ports");
  });

  test("complain of nothing when all is well", () => {
    const stack = {
      prometheus: { workers: [{ service: "image-worker.shop.svc", port: 9091 }] },
      alertmanager: { receivers: { "millrace-on-call": { webhook_configs: [{ url: "http://a" }] } } },
    };
    expect(notesOf({ ...smallest, stack: { enabled: true, ...stack } })).not.toMatch(/WARNING|NOTE:/);
  });
});

/** `helm install` cannot be told what a cluster serves; `helm template` can, and writes no notes. */
describe.skipIf("missing" in tools)("the notes where the Prometheus Operator is", () => {
  let chart: string;
  beforeAll(() => {
    chart = mkdtempSync(join(tmpdir(), "millrace-notes-"));
    cpSync(chartFolder, chart, { recursive: true });
    const notes = `{{ include (print $.Template.BasePath "/NOTES.txt") . | toJson }}`;
    writeFileSync(
      join(chart, "templates/notes.yaml"),
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: notes }\ndata: { notes: ${notes} }`,
    );
  });
  afterAll(() => rmSync(chart, { recursive: true }));

  const notesThere = (values: Values): string => {
    const helm = "missing" in tools ? "" : tools.helm4;
    const apiVersions = ["monitoring.coreos.com/v1"];
    return (
      find(renderChart(values, { helm, chart, apiVersions }), "ConfigMap", "notes").data?.["notes"] ?? ""
    );
  };

  test.each([
    ["annotations that it does not look at", smallest, "does not look at annotations"],
    [
      "a second Prometheus",
      { ...smallest, stack: { enabled: true } },
      "stack.enabled=false,monitoring.scrape",
    ],
    [
      "monitors without the label of a release",
      { ...smallest, monitoring: { scrape: "PodMonitor" } },
      "--set monitoring.labels.release=NAME",
    ],
    ["rules without it", { ...smallest, rules: { enabled: true } }, "--set rules.labels.release=NAME"],
    [
      "dashboards without rules",
      { ...smallest, monitoring: { scrape: "PodMonitor", labels: { release: "stack" } } },
      "none of the recorded series that the\ndashboards show",
    ],
    [
      "links that open only beside a port-forward",
      monitored("PodMonitor"),
      "lead to runbooks at http://localhost:9091 and to dashboards at no address",
    ],
  ])("warn of %s", (_what, values: Values, told) => {
    expect(notesThere(values)).toContain(told);
  });

  const rules = {
    enabled: true,
    labels: { release: "rules" },
    runbookBaseUrl: "https://millrace.example",
    grafanaUrl: "https://grafana.example",
  };

  test.each(["PodMonitor", "ServiceMonitor"] as const)("show labels beside what selects %ss", (scrape) => {
    const notes = notesThere({ ...monitored(scrape), rules });
    expect(notes).toContain(`  ${scrape}: {"release":"stack"}\n  PrometheusRule: {"release":"rules"}\n`);
    const selector = { PodMonitor: "podMonitorSelector", ServiceMonitor: "serviceMonitorSelector" }[scrape];
    expect(notes).toContain(`MONITORS:.spec.${selector},RULES:.spec.ruleSelector'`);
    expect(notesThere(smallest)).not.toContain("custom-columns");
  });

  test("complain of nothing when all is well", () => {
    expect(notesThere({ ...monitored("PodMonitor"), rules, prometheus })).not.toMatch(/WARNING|NOTE:/);
    expect(notesThere({ ...smallest, prometheus, monitoring: { scrape: "None" } })).not.toMatch(
      /WARNING|NOTE:/,
    );
  });
});

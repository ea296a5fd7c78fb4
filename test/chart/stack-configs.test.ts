import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { programs } from "../../scripts/programs.mjs";
import { promtools } from "../rules/promtool.ts";
import { chartTools } from "./chart-tools.ts";
import { configurations } from "./configurations.ts";
import { dashboardProviders, datasources } from "./grafana-provisioning.ts";
import { podTemplate, withStack } from "./pod-template.ts";
import { find, type Manifest, renderChart, RenderError, type Values } from "./render-chart.ts";

const tools = await chartTools();
const helm = "missing" in tools ? "" : tools.helm4;
const render = (values: Values): readonly Manifest[] => renderChart(values, { helm });
const { "the stack": everything = {} } = configurations;
let rendered: readonly Manifest[] | undefined;
/** `everything`, rendered once. */
const all = (): readonly Manifest[] => (rendered ??= render(everything));

const directory = mkdtempSync(join(tmpdir(), "millrace-stack-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A file of a part's ConfigMap. */
const fileOf = (manifests: readonly Manifest[], part: string, name: string): string =>
  find(manifests, "ConfigMap", `-${part}`).data?.[name] ?? "";
const write = (name: string, text: string): string => {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
};
const amtool = (...args: readonly string[]) =>
  spawnSync(programs.amtool.find(process.env) ?? "amtool", args, { encoding: "utf8" });

type Scrape = {
  readonly job_name: string;
  readonly honor_labels: boolean;
  readonly dns_sd_configs: readonly { readonly names: readonly [string]; readonly port: number }[];
};
type PrometheusConfig = {
  readonly global: { readonly scrape_interval: string };
  readonly rule_files: readonly string[];
  readonly alerting?: {
    readonly alertmanagers: readonly { readonly static_configs: readonly { readonly targets: string[] }[] }[];
  };
  readonly scrape_configs: readonly Scrape[];
};
const prometheusOf = (manifests: readonly Manifest[]): PrometheusConfig =>
  parse(fileOf(manifests, "prometheus", "prometheus.yml")) as PrometheusConfig;

describe.skipIf("missing" in tools)("the stack's Prometheus", () => {
  /** What each promtool says of the configuration with its rules. */
  const check = (values: Values) => {
    const manifests = render(values);
    const rules = write("rules.yml", fileOf(manifests, "prometheus", "rules.yml"));
    const text = fileOf(manifests, "prometheus", "prometheus.yml");
    expect(text).toContain("/etc/prometheus/config/rules.yml");
    const file = write("prometheus.yml", text.replace("/etc/prometheus/config/rules.yml", rules));
    return promtools.map((program) => spawnSync(program, ["check", "config", file], { encoding: "utf8" }));
  };

  test.each([
    ["everything", everything],
    ["the operator alone, unheard", withStack({ alertmanager: { enabled: false } })],
  ])("is configured right for promtool, rules included: %s", (_name, values) => {
    for (const { status, stdout, stderr } of check(values)) {
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(/SUCCESS: \d\d rules found/);
    }
  });

  test("has the rules that a PrometheusRule would have, with Grafana behind its port-forward", () => {
    const rules = { alerts: { MillraceQueueStalled: { for: "20m" } } };
    const manifests = render(withStack({}, { rules: { enabled: true, ...rules } }));
    const { groups } = parse(fileOf(manifests, "prometheus", "rules.yml")) as { groups: unknown };
    expect(groups).toEqual(find(manifests, "PrometheusRule").spec?.["groups"]);
    expect(JSON.stringify(groups)).toContain('"dashboard_url":"http://localhost:3000/d/');
    expect(JSON.stringify(groups)).toContain('"for":"20m"');
  });

  test("finds all pods of each component, by headless Services at the ports of their metrics", () => {
    const manifests = all();
    const { scrape_configs: jobs } = prometheusOf(manifests);
    expect(jobs.map((job) => job.job_name)).toEqual(["gateway", "operator", "worker", "workers"]);
    for (const { job_name: component, honor_labels, dns_sd_configs } of jobs.slice(0, 3)) {
      expect(honor_labels).toBe(true);
      const [{ names, port } = { names: [""], port: 0 }] = dns_sd_configs;
      const [service = "", ...domain] = names[0].split(".");
      expect(domain.join(".")).toBe("messaging.svc.cluster.local.");
      const { metadata, spec } = find(manifests, "Service", service);
      expect(metadata.name).toBe(service);
      expect(spec).toMatchObject({
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: { "app.kubernetes.io/component": component },
        ports: [{ port }],
      });
    }
    expect(jobs[3]).toMatchObject({
      honor_labels: true,
      dns_sd_configs: [{ names: ["image-worker.shop.svc.cluster.local."], port: 9100 }],
    });
  });

  test("is not found twice by a ServiceMonitor", () => {
    const manifests = render({ ...everything, monitoring: { scrape: "ServiceMonitor" } });
    for (const { metadata, spec } of manifests.filter(({ kind }) => kind === "ServiceMonitor")) {
      const { matchLabels } = { ...spec }["selector"] as { matchLabels: Record<string, string> };
      const found = manifests.filter(
        ({ kind, metadata: { labels = {} } }) =>
          kind === "Service" && Object.entries(matchLabels).every(([key, value]) => labels[key] === value),
      );
      expect(found.map((service) => service.metadata.name)).toEqual([metadata.name]);
    }
  });

  test("scrapes as often as the operator believes, and tells Alertmanager where there is one", () => {
    const manifests = render(withStack({}, { prometheus: { scrapeSeconds: 2.5 } }));
    const { global, alerting } = prometheusOf(manifests);
    expect(global.scrape_interval).toBe("2500ms");
    expect(alerting?.alertmanagers[0]?.static_configs[0]?.targets).toEqual([
      "demo-millrace-alertmanager.messaging.svc:9093",
    ]);
    expect(fileOf(manifests, "operator", "prometheus.yaml")).toContain("scrapeIntervalSeconds: 2.5");
    const alone = prometheusOf(render(withStack({ alertmanager: { enabled: false } })));
    expect(alone).not.toHaveProperty("alerting");
  });
});

type Receivers = { readonly receivers: readonly object[] };

describe.skipIf("missing" in tools)("the stack's Alertmanager", () => {
  const configOf = (alertmanager: Values): string =>
    fileOf(render(withStack({ alertmanager })), "alertmanager", "alertmanager.yml");

  test("has the example's routes and tells nobody by default", () => {
    const text = configOf({});
    const file = write("alertmanager.yml", text);
    expect(amtool("check-config", file)).toMatchObject({ status: 0 });
    expect((parse(text) as Receivers).receivers.every((one) => Object.keys(one).length === 1)).toBe(true);
    const labels = ["alertname=MillraceQueueStalled", "severity=critical", "queue=jobs.image"];
    const route = amtool("config", "routes", "test", `--config.file=${file}`, ...labels);
    expect(route).toMatchObject({
      status: 0,
      stdout: "millrace-on-call,millrace-chat,millrace-mail\n",
    });
  });

  test("tells whom it is told to", () => {
    const text = fileOf(all(), "alertmanager", "alertmanager.yml");
    expect(amtool("check-config", write("told.yml", text))).toMatchObject({ status: 0 });
    expect((parse(text) as Receivers).receivers).toContainEqual({
      name: "millrace-on-call",
      webhook_configs: [{ url: "http://on-call.shop.svc/alerts" }],
    });
  });

  test("refuses a receiver that no route leads to, and names those that there are", () => {
    const render = () => configOf({ receivers: { "on-call": { webhook_configs: [] } } });
    expect(render).toThrow(RenderError);
    expect(render).toThrow("stack.alertmanager.receivers.on-call: no route leads there");
    expect(render).toThrow("millrace-on-call, millrace-chat, millrace-mail");
  });

  test("calls a heartbeat's webhook again and again where there is one, and has no such alert otherwise", () => {
    const rulesOf = (alertmanager: Values) =>
      fileOf(render(withStack({ alertmanager })), "prometheus", "rules.yml");
    const heartbeat = { url: "https://heartbeat.example:8443/ping" };
    expect(rulesOf({})).not.toContain("Watchdog");
    expect(configOf({})).not.toContain("Watchdog");
    const rules = write("heartbeat-rules.yml", rulesOf({ heartbeat }));
    for (const promtool of promtools)
      expect(spawnSync(promtool, ["check", "rules", rules])).toMatchObject({ status: 0 });
    expect(rulesOf({ heartbeat })).toMatch(/- alert: Watchdog\n +expr: vector\(1\)\n/);

    const text = configOf({ heartbeat });
    const file = write("heartbeat.yml", text);
    expect(amtool("check-config", file)).toMatchObject({ status: 0 });
    const receiver = (...labels: readonly string[]) =>
      amtool("config", "routes", "test", `--config.file=${file}`, ...labels).stdout.trim();
    expect(receiver("alertname=Watchdog", "severity=none")).toBe("millrace-heartbeat");
    expect(receiver("alertname=MillraceJobStuck", "severity=warning")).toBe("millrace-chat,millrace-mail");
    expect((parse(text) as Receivers).receivers).toContainEqual({
      name: "millrace-heartbeat",
      webhook_configs: [{ ...heartbeat, send_resolved: false }],
    });
    const secret = { urlFile: "/etc/alertmanager/secrets/heartbeat-url" };
    expect(configOf({ heartbeat: secret })).toContain(`url_file: ${secret.urlFile}`);
    expect(() => configOf({ heartbeat, config: { route: { receiver: "me" } } })).toThrow(
      "stack.alertmanager.heartbeat: not with stack.alertmanager.config",
    );
  });

  test("can be configured by you altogether", () => {
    const config = { route: { receiver: "me" }, receivers: [{ name: "me" }] };
    expect(parse(configOf({ config }))).toEqual(config);
  });

  test("starts again when its configuration changes, and not otherwise", () => {
    const checksum = (alertmanager: Values, values: Values = {}) => {
      const { metadata } = podTemplate(render(withStack({ alertmanager }, values)), "alertmanager");
      return metadata.annotations?.["checksum/config"];
    };
    const receivers = { "millrace-chat": { webhook_configs: [] } };
    expect(checksum({ receivers })).not.toBe(checksum({}));
    expect(checksum({}, { operator: { replicas: 2 } })).toBe(checksum({}));
  });
});

describe.skipIf("missing" in tools)("the stack's Grafana", () => {
  const environmentOf = (manifests: readonly Manifest[]) =>
    podTemplate(manifests, "grafana").spec.containers[0].env;
  /** The volume that the container sees at this path. */
  const mountedAt = (path: string) => {
    const { containers, volumes } = podTemplate(all(), "grafana").spec;
    const mount = containers[0].volumeMounts.find(({ mountPath }) => mountPath === path);
    return volumes.find(({ name }) => name === mount?.name);
  };

  test("has its data source by the documented schema, and it is the stack's Prometheus", () => {
    const file = datasources.parse(parse(fileOf(all(), "grafana", "datasources.yaml")));
    expect(file.datasources).toMatchObject([
      { type: "prometheus", uid: "prometheus", isDefault: true, jsonData: { timeInterval: "5000ms" } },
    ]);
    const { hostname, port } = new URL(file.datasources[0]?.url ?? "");
    const service = find(all(), "Service", hostname.split(".")[0]);
    expect(service.spec).toMatchObject({ ports: [{ port: Number(port) }] });
    expect(mountedAt("/etc/grafana/provisioning/datasources")?.configMap).toMatchObject({
      name: "demo-millrace-grafana",
      items: [{ key: "datasources.yaml" }],
    });
  });

  test("finds every dashboard of the chart, by the documented schema", () => {
    const { providers } = dashboardProviders.parse(parse(fileOf(all(), "grafana", "dashboards.yaml")));
    expect(mountedAt("/etc/grafana/provisioning/dashboards")?.configMap).toMatchObject({
      name: "demo-millrace-grafana",
      items: [{ key: "dashboards.yaml" }],
    });
    const dashboards = all().filter(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata.name.endsWith("-dashboard"),
    );
    expect(mountedAt(providers[0]?.options.path ?? "")?.projected?.sources).toEqual(
      dashboards.map(({ metadata }) => ({ configMap: { name: metadata.name } })),
    );
    expect(dashboards.length).toBeGreaterThan(0);
  });

  test("opens on the overview", () => {
    const home = environmentOf(all())?.find(
      ({ name }) => name === "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH",
    );
    const { options } = dashboardProviders.parse(parse(fileOf(all(), "grafana", "dashboards.yaml")))
      .providers[0] ?? { options: { path: "" } };
    const overview = find(all(), "ConfigMap", "-overview-dashboard");
    expect(Object.keys(overview.data ?? {}).map((key) => `${options.path}/${key}`)).toEqual([home?.value]);
  });

  test("lets nobody look without a login unless told to", () => {
    const anonymous = (value: string) => ({ name: "GF_AUTH_ANONYMOUS_ENABLED", value });
    expect(environmentOf(render(withStack({})))).toContainEqual(anonymous("false"));
    expect(environmentOf(all())).toContainEqual(anonymous("true"));
    expect(environmentOf(all())).toContainEqual({ name: "GF_AUTH_ANONYMOUS_ORG_ROLE", value: "Viewer" });
  });
});

describe.skipIf("missing" in tools)("the stack's network policies", () => {
  type Rule = { readonly ports?: readonly { readonly port: number | string }[]; readonly from?: object[] };
  const policy = (part: string) =>
    find(all(), "NetworkPolicy", `-${part}`).spec as {
      readonly ingress: readonly Rule[];
      readonly egress: readonly Rule[];
    };

  test("let Prometheus reach all that it scrapes, and Alertmanager", () => {
    const open = policy("prometheus").egress.flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    const needed = prometheusOf(all()).scrape_configs.flatMap((job) =>
      job.dns_sd_configs.map(({ port }) => port),
    );
    expect(open).toEqual(expect.arrayContaining([...needed, 9093]));
  });

  test("let Alertmanager get to where its receivers are, wherever that is told, and to nothing else", () => {
    const portsWith = (alertmanager: Values, networkPolicy: Values = {}) => {
      const values = withStack({ alertmanager }, { networkPolicy: { enabled: true, ...networkPolicy } });
      const { egress } = find(render(values), "NetworkPolicy", "-alertmanager").spec as {
        readonly egress: readonly Rule[];
      };
      return egress.slice(1).flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    };
    const at = (url: string) => ({ receivers: { "millrace-on-call": { webhook_configs: [{ url }] } } });
    const mail = { email_configs: [{ to: "a@example.com", smarthost: "smtp.example.com:587" }] };
    expect(portsWith({})).toEqual([443]);
    expect(portsWith(at("http://on-call.shop.svc/alerts"))).toEqual([443, 80]);
    expect(portsWith(at("http://user@on-call.shop.svc:8080/alerts"))).toEqual([443, 8080]);
    expect(portsWith({ receivers: { "millrace-mail": mail } })).toEqual([443, 587]);
    const receivers = [{ name: "me", ...mail }];
    const config = { global: { smtp_smarthost: "a:25" }, route: { receiver: "me" }, receivers };
    expect(portsWith({ config })).toEqual([443, 25, 587]);
    expect(portsWith(at("http://a.svc/"), { receiverPorts: [9000] })).toEqual([443, 80, 9000]);
  });

  test("let in the release alone where there is no login, and Prometheus to the metrics", () => {
    const release = { podSelector: { matchLabels: { "app.kubernetes.io/instance": "demo" } } };
    for (const part of ["prometheus", "alertmanager"])
      expect(policy(part).ingress).toEqual([{ ports: [{ port: "http" }], from: [release] }]);
    for (const part of ["grafana", "rabbitmq"]) expect(policy(part).ingress[0]).not.toHaveProperty("from");
    expect(JSON.stringify(policy("operator").ingress)).toContain(
      '"app.kubernetes.io/component":"prometheus"',
    );
  });
});

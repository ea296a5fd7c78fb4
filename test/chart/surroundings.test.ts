import { describe, expect, test } from "vitest";
import { chartTools } from "./chart-tools.ts";
import { configurations, monitored, smallest } from "./configurations.ts";
import { find, type Manifest, renderChart, type Values } from "./render-chart.ts";
import { isSubset } from "./kube-linter-services.ts";
import { at, containerOf, gateway, worker } from "./rendered.ts";

const tools = await chartTools();
const helm = "missing" in tools ? "" : tools.helm4;
const render = (values: Values = smallest): readonly Manifest[] =>
  renderChart(values, { helm, namespace: "messaging" });

describe.skipIf("missing" in tools)("the metrics", () => {
  const annotation = "prometheus.io/scrape";
  const annotationsOf = (deployment: Manifest) =>
    at(deployment.spec, "template", "metadata", "annotations") ?? {};

  test("are found by annotations by default, at each component's port", () => {
    const deployments = render({ ...smallest, gateway, worker }).filter(({ kind }) => kind === "Deployment");
    const ports = deployments.map((one) => at(annotationsOf(one), "prometheus.io/port"));
    expect(new Set(ports)).toEqual(new Set(["8080", "9090", "9091"]));
  });

  test.each(["ServiceMonitor", "PodMonitor"] as const)(
    "are found by a %s for each component instead",
    (scrape) => {
      const manifests = render(monitored(scrape));
      const monitors = manifests.filter(({ kind }) => kind.endsWith("Monitor"));
      expect(monitors.map(({ kind }) => kind)).toEqual([scrape, scrape, scrape]);
      for (const { metadata, spec } of monitors) {
        expect(metadata.labels).toMatchObject({ release: "stack" });
        const [endpoint] = (at(spec, "endpoints") ?? at(spec, "podMetricsEndpoints")) as readonly {
          port: string;
        }[];
        expect(endpoint).toMatchObject({
          honorLabels: true,
          interval: "5s",
          relabelings: [{ action: "drop" }],
        });
        const component = metadata.labels?.["app.kubernetes.io/component"] ?? "";
        const ports = containerOf(find(manifests, "Deployment", `-${component}`))["ports"];
        expect(ports).toContainEqual(expect.objectContaining({ name: endpoint?.port }));
        expect(annotationsOf(find(manifests, "Deployment", `-${component}`))).not.toHaveProperty(annotation);
      }
    },
  );

  test("can be left unfound", () => {
    const manifests = render({ ...smallest, monitoring: { scrape: "None" } });
    expect(manifests.some(({ kind }) => kind.endsWith("Monitor"))).toBe(false);
    expect(annotationsOf(find(manifests, "Deployment"))).not.toHaveProperty(annotation);
  });
});

describe.skipIf("missing" in tools)("the network policies", () => {
  test.each([
    [smallest["brokers"], [5672, 15_672]],
    [{ a: { amqpUrl: "amqp://a", managementUrl: "http://a" } }, [5672, 80]],
    [{ a: { amqpUrl: "amqps://a/", managementUrl: "https://a" } }, [5671, 443]],
    [{ a: { amqpUrl: "amqp://[fd00::1]:5673" } }, [5673]],
  ] as const)("let the operator reach API server, brokers and Prometheus only: %j", (brokers, expected) => {
    const values = {
      brokers,
      prometheus: { url: "https://prometheus.example" },
      networkPolicy: { enabled: true },
    };
    const { spec } = find(render(values), "NetworkPolicy", "-operator");
    expect(at(spec, "policyTypes")).toEqual(["Ingress", "Egress"]);
    const ports = at(spec, "egress", 1, "ports") as readonly { port: number }[];
    expect(new Set(ports.map(({ port }) => port))).toEqual(new Set([443, 6443, ...expected]));
    expect(at(spec, "egress", 2)).toBeUndefined();
  });

  test("let the operator reach the servers that give tokens for brokers and for Prometheus", () => {
    const oauth2 = (tokenUrl: string) => ({
      existingSecret: "s",
      oauth2: { tokenUrl, clientId: "millrace" },
    });
    const values = {
      brokers: { a: { amqpUrl: "amqp://a", ...oauth2("http://keycloak.sso.svc:8080/token") } },
      prometheus: { url: "http://prometheus:9090", ...oauth2("http://dex.sso.svc:5556/token") },
      networkPolicy: { enabled: true },
    };
    const { spec } = find(render(values), "NetworkPolicy", "-operator");
    const ports = at(spec, "egress", 1, "ports") as readonly { port: number }[];
    expect(new Set(ports.map(({ port }) => port))).toEqual(new Set([443, 6443, 5672, 8080, 9090, 5556]));
  });

  const monitoring = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } };

  test("let the pod of `helm test` in to the operator beside those who may reach the metrics", () => {
    const manifests = render({ ...smallest, networkPolicy: { enabled: true, metricsFrom: [monitoring] } });
    const { labels = {} } = find(manifests, "Pod", "-test").metadata;
    const peers = at(find(manifests, "NetworkPolicy", "-operator").spec, "ingress", 0, "from") as readonly {
      readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
    }[];
    expect(peers).toContainEqual(monitoring);
    expect(peers.some(({ podSelector }) => podSelector && isSubset(podSelector.matchLabels, labels))).toBe(
      true,
    );
  });

  test("let whoever may reach the metrics in to the gateway, which has them at the port of its jobs", () => {
    const shop = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } } };
    const peers = (policy: Values) => {
      const manifests = render({ ...smallest, gateway, networkPolicy: { enabled: true, ...policy } });
      return at(find(manifests, "NetworkPolicy", "-gateway").spec, "ingress", 0, "from");
    };
    expect(peers({ gatewayFrom: [shop], metricsFrom: [monitoring] })).toEqual([shop, monitoring]);
    expect(peers({ gatewayFrom: [shop] })).toEqual([shop]);
    expect(peers({ metricsFrom: [monitoring] })).toBeUndefined();
  });

  test("let in whom they are told to", () => {
    const manifests = render(configurations["everything"]);
    expect(at(find(manifests, "NetworkPolicy", "-operator").spec, "ingress", 0, "from", 0)).toHaveProperty(
      "namespaceSelector",
    );
    expect(at(find(manifests, "NetworkPolicy", "-gateway").spec, "ingress", 0, "from", 0)).toHaveProperty(
      "podSelector",
    );
    expect(render().some(({ kind }) => kind === "NetworkPolicy")).toBe(false);
  });
});

describe.skipIf("missing" in tools)("further objects", () => {
  test("are templates, as objects or as text", () => {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a-{{ .Release.Name }}" } };
    const text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b-{{ .Release.Name }}";
    const manifests = render({ ...smallest, extraObjects: [object, text] });
    expect(find(manifests, "ConfigMap", "a-demo")).toBeDefined();
    expect(find(manifests, "ConfigMap", "b-demo")).toBeDefined();
  });
});

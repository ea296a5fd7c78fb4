import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parsePrometheus } from "../../src/prometheus/options.ts";
import { parseBrokers } from "../../src/rabbitmq/options.ts";
import { chartTools } from "./chart-tools.ts";
import { configurations, smallest } from "./configurations.ts";
import { podTemplate, withStack } from "./pod-template.ts";
import { find, type Manifest, renderChart, RenderError, type Values } from "./render-chart.ts";

const tools = await chartTools();
const { "the stack": everything = {} } = configurations;
let rendered: readonly Manifest[] | undefined;
/** `everything`, rendered once. */
const all = (): readonly Manifest[] => (rendered ??= render(everything));
const helm = "missing" in tools ? "" : tools.helm4;
const render = (values: Values, release = "demo"): readonly Manifest[] =>
  renderChart(values, { helm, release });
const podOf = (manifests: readonly Manifest[], part: string) => podTemplate(manifests, part).spec;
const containerOf = (manifests: readonly Manifest[], part: string) => podOf(manifests, part).containers[0];
const namesOf = (manifests: readonly Manifest[], kind: string): readonly string[] =>
  manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
const secretsOf = (manifests: readonly Manifest[]) => manifests.filter(({ kind }) => kind === "Secret");

describe.skipIf("missing" in tools)("the stack's parts", () => {
  const deployments = (stack: Values): readonly string[] =>
    namesOf(render({ ...smallest, stack }), "Deployment").filter((name) => !name.endsWith("-operator"));

  test.each([
    ["nothing unless asked for", {}, []],
    ["nothing, whatever else is said, unless asked for", { rabbitmq: { enabled: true } }, []],
    ["three by default", { enabled: true }, ["prometheus", "alertmanager", "grafana"]],
    [
      "a broker too",
      { enabled: true, rabbitmq: { enabled: true } },
      ["prometheus", "alertmanager", "grafana", "rabbitmq"],
    ],
    ["no Grafana", { enabled: true, grafana: { enabled: false } }, ["prometheus", "alertmanager"]],
    ["no Alertmanager", { enabled: true, alertmanager: { enabled: false } }, ["prometheus", "grafana"]],
  ])("are %s", (_what, stack, parts) => {
    expect(new Set(deployments(stack))).toEqual(new Set(parts.map((part) => `demo-millrace-${part}`)));
  });

  test("ask the API server for nothing", () => {
    const manifests = render(withStack({ rabbitmq: { enabled: true } }));
    const plain = render(smallest);
    expect(find(manifests, "ServiceAccount", "-stack")).toMatchObject({
      automountServiceAccountToken: false,
    });
    for (const part of ["prometheus", "alertmanager", "grafana", "rabbitmq"])
      expect(podOf(manifests, part)).toMatchObject({
        serviceAccountName: "demo-millrace-stack",
        automountServiceAccountToken: false,
      });
    const roles = (all: readonly Manifest[]) => all.filter(({ kind }) => kind.includes("Role"));
    expect(roles(manifests)).toEqual(roles(plain));
  });

  test("keep the exemplars that the dashboards show, in Prometheus", () => {
    const features = containerOf(render(withStack({})), "prometheus").args?.flatMap(
      (arg) => /^--enable-feature=(.+)/.exec(arg)?.[1]?.split(",") ?? [],
    );
    expect(features).toEqual(["auto-reload-config", "exemplar-storage"]);
  });

  test("have names that fit, however long the release's is", () => {
    const manifests = render(everything, "r".repeat(53));
    const names = ["Service", "Deployment"].flatMap((kind) => namesOf(manifests, kind));
    expect(names).toHaveLength(16);
    expect(names.filter((name) => name.length > 63)).toEqual([]);
  });

  test("run as the users of their images, and where they are told to", () => {
    const manifests = all();
    const users = ["prometheus", "alertmanager", "grafana", "rabbitmq"].map((part) => podOf(manifests, part));
    expect(users.map(({ securityContext }) => securityContext)).toEqual(
      [65_532, 65_532, 472, 999].map((user) =>
        expect.objectContaining({ runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user }),
      ),
    );
    for (const pod of users)
      expect(pod).toMatchObject({
        nodeSelector: { "kubernetes.io/os": "linux" },
        tolerations: [{ key: "dedicated", operator: "Exists" }],
      });
  });

  test("leave users and groups to OpenShift where they are taken away", () => {
    const nobody = { runAsUser: null, runAsGroup: null, fsGroup: null };
    const values = { podSecurityContext: nobody };
    const manifests = render(withStack({ grafana: values, rabbitmq: { enabled: true, ...values } }, values));
    for (const part of ["prometheus", "grafana", "rabbitmq"])
      expect(podOf(manifests, part).securityContext).toEqual({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
  });
});

describe.skipIf("missing" in tools)("the stack's images", () => {
  const imagesOf = (values: Values): readonly string[] => {
    const manifests = render(values);
    return ["prometheus", "alertmanager", "grafana"].map((part) => containerOf(manifests, part).image);
  };

  test("are the official ones, each with a version", () => {
    for (const image of imagesOf(withStack({})))
      expect(image).toMatch(/^docker\.io\/(prom|grafana)\/[a-z]+:v?\d+\.\d+\.\d+$/);
  });

  test("can come from elsewhere, by tag or by digest", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const stack = {
      prometheus: { image: { registry: "", repository: "localhost/prometheus", tag: "x" } },
      alertmanager: { image: { digest } },
      grafana: { image: { registry: "grafana.example" } },
    };
    const [prometheus, alertmanager, grafana] = imagesOf(withStack(stack));
    expect(prometheus).toBe("localhost/prometheus:x");
    expect(alertmanager).toBe(`docker.io/prom/alertmanager@${digest}`);
    expect(grafana).toMatch(/^grafana\.example\/grafana\/grafana:/);
    const mirrored = imagesOf(withStack({}, { global: { imageRegistry: "mirror.example" } }));
    expect(mirrored.every((image) => image.startsWith("mirror.example/"))).toBe(true);
  });
});

describe.skipIf("missing" in tools)("the stack's logins", () => {
  test("are made, and the broker's is an address too", () => {
    const [grafana, rabbitmq] = secretsOf(render(withStack({ rabbitmq: { enabled: true } })));
    expect(grafana?.stringData).toEqual({
      "admin-user": "admin",
      "admin-password": expect.stringMatching(/^\w{24}$/),
    });
    const password = rabbitmq?.stringData?.["password"];
    expect(password).toMatch(/^\w{24}$/);
    expect(password).not.toBe(grafana?.stringData?.["admin-password"]);
    expect(rabbitmq?.stringData?.["connection_string"]).toBe(
      `amqp://millrace:${password}@demo-millrace-rabbitmq.messaging.svc:5672`,
    );
  });

  test("stay with the data that knows them", () => {
    const persistence = { persistence: { enabled: true } };
    const stack = { grafana: persistence, rabbitmq: { enabled: true, ...persistence } };
    for (const { metadata } of secretsOf(render(withStack(stack))))
      expect(metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
    for (const { metadata } of secretsOf(render(withStack({}))))
      expect(metadata).not.toHaveProperty("annotations");
  });

  test("can be Secrets of yours", () => {
    const manifests = all();
    expect(secretsOf(manifests)).toEqual([]);
    const keyOf = (component: string, variable: string) =>
      containerOf(manifests, component).env?.find(({ name }) => name === variable)?.valueFrom;
    const key = (name: string, of: string) => ({ secretKeyRef: { name, key: of } });
    expect(keyOf("grafana", "GF_SECURITY_ADMIN_PASSWORD")).toEqual(key("grafana", "admin-password"));
    expect(keyOf("rabbitmq", "RABBITMQ_DEFAULT_PASS")).toEqual(key("rabbit", "password"));
    for (const component of ["gateway", "worker"])
      expect(keyOf(component, "AMQP_URL")).toEqual(key("rabbit", "connection_string"));
  });
});

describe.skipIf("missing" in tools)("the stack's data", () => {
  test("end with the pod by default", () => {
    const manifests = render(withStack({ rabbitmq: { enabled: true } }));
    expect(namesOf(manifests, "PersistentVolumeClaim")).toEqual([]);
    for (const part of ["prometheus", "alertmanager", "grafana", "rabbitmq"])
      expect(podOf(manifests, part).volumes).toContainEqual({ name: "data", emptyDir: {} });
  });

  test("can be kept, also when the chart is uninstalled, and belong to one pod at a time", () => {
    const manifests = all();
    const claim = find(manifests, "PersistentVolumeClaim", "-prometheus");
    expect(claim.metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
    expect(claim.spec).toEqual({
      accessModes: ["ReadWriteOnce"],
      storageClassName: "fast",
      resources: { requests: { storage: "5Gi" } },
    });
    expect(podOf(manifests, "prometheus").volumes).toContainEqual({
      name: "data",
      persistentVolumeClaim: { claimName: claim.metadata.name },
    });
    expect(find(manifests, "Deployment", "-prometheus").spec).toMatchObject({
      replicas: 1,
      strategy: { type: "Recreate" },
    });
  });
});

describe.skipIf("missing" in tools)("the operator beside the stack", () => {
  const told = (values: Values) => {
    const { data = {} } = find(render(values), "ConfigMap", "-operator");
    return {
      brokers: data["brokers.yaml"] && parseBrokers(parse(data["brokers.yaml"])),
      prometheus: data["prometheus.yaml"] && parsePrometheus(parse(data["prometheus.yaml"])),
    };
  };

  test("needs to be told of nothing else", () => {
    const { brokers, prometheus } = told({ stack: { enabled: true, rabbitmq: { enabled: true } } });
    expect(JSON.stringify(brokers)).toContain("demo-millrace-rabbitmq.messaging.svc:15672");
    const url = "http://demo-millrace-prometheus.messaging.svc:9090";
    expect(prometheus).toMatchObject({ kind: "prometheus", prometheus: { url } });
  });

  test("listens to what it is told", () => {
    const stack = { rabbitmq: { enabled: true } };
    const prometheus = { url: "http://other.example" };
    const { brokers, ...rest } = told(withStack(stack, { prometheus }));
    expect(JSON.stringify(brokers)).toContain("rabbit.messaging.svc");
    expect(JSON.stringify(brokers)).not.toContain("millrace-rabbitmq");
    expect(rest.prometheus).toMatchObject({ kind: "prometheus", prometheus });
    expect(() => render({ stack: { rabbitmq: { enabled: true } } })).toThrow(RenderError);
  });
});

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parsePrometheus } from "../../src/prometheus/options.ts";
import { parseBrokers } from "../../src/rabbitmq/options.ts";
import { chartTools } from "./chart-tools.ts";
import { configurations, smallest } from "./configurations.ts";
import { find, type Manifest, renderChart, RenderError, type Values } from "./render-chart.ts";
import { argsOf, at, containerOf, gateway, podOf, worker } from "./rendered.ts";

const tools = await chartTools();
const helms = "missing" in tools ? [] : [tools.helm3, tools.helm4];
const [helm3 = "", helm = ""] = helms;

const render = (values: Values = smallest, namespace = "messaging"): readonly Manifest[] =>
  renderChart(values, { helm, namespace });

const operator = (values?: Values): Manifest => find(render(values), "Deployment", "-operator");

describe.skipIf("missing" in tools)("the chart", () => {
  test.each(Object.entries(configurations))(
    "renders the same with Helm 3 and Helm 4: %s",
    (_name, values) => {
      expect(renderChart(values, { helm: helm3 })).toEqual(renderChart(values, { helm }));
    },
  );

  test("installs an operator and nothing else unless asked to", () => {
    const manifests = render().filter(({ kind }) => kind === "Deployment");
    expect(manifests.map(({ metadata }) => metadata.name)).toEqual(["demo-millrace-operator"]);
  });

  test("says what is missing when neither a broker nor Prometheus is given", () => {
    expect(() => render({})).toThrow(RenderError);
    expect(() => render({})).toThrow("--set brokers.default.rabbitmqCluster.name=NAME");
  });

  test("names every object after the release, once", () => {
    const names = render({ ...smallest, fullnameOverride: "mill" }).map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name.startsWith("mill-") || name.includes("messaging-mill"))).toHaveLength(
      names.length - 1,
    );
    const release = renderChart(smallest, { helm, release: "millrace" });
    expect(find(release, "Deployment").metadata.name).toBe("millrace-operator");
  });

  test("puts common labels and annotations on every object and pod", () => {
    const manifests = render({
      ...smallest,
      gateway,
      worker,
      commonLabels: { a: "b" },
      commonAnnotations: { c: "d" },
    });
    for (const { kind, metadata, spec } of manifests) {
      const pod =
        kind === "Deployment" ? (at(spec, "template", "metadata") as Manifest["metadata"]) : metadata;
      for (const { labels, annotations } of [metadata, pod]) {
        expect.soft(labels, `${kind} ${metadata.name}`).toMatchObject({ a: "b" });
        expect.soft(annotations, `${kind} ${metadata.name}`).toMatchObject({ c: "d" });
      }
    }
  });
});

describe.skipIf("missing" in tools)("the image", () => {
  test("is the chart's version of the program", () => {
    expect(containerOf(operator())["image"]).toBe("millrace/millrace:0.1.0");
  });

  test("can come from a mirror, with another tag, or by digest", () => {
    const image = (values: Values) => containerOf(operator({ ...smallest, ...values }))["image"];
    expect(image({ global: { imageRegistry: "mirror" } })).toBe("mirror/millrace/millrace:0.1.0");
    expect(image({ image: { registry: "", repository: "localhost/millrace", tag: "x" } })).toBe(
      "localhost/millrace:x",
    );
    const digest = `sha256:${"a".repeat(64)}`;
    expect(image({ image: { tag: "x", digest } })).toBe(`millrace/millrace@${digest}`);
  });

  test("is pulled with the Secrets that are named", () => {
    const secrets = [{ name: "registry" }];
    expect(
      podOf(operator({ ...smallest, global: { imagePullSecrets: secrets } }))["imagePullSecrets"],
    ).toEqual(secrets);
  });
});

describe.skipIf("missing" in tools)("the operator", () => {
  test("runs once; with more replicas it has a budget and keeps them apart", () => {
    const one = render();
    expect(one.some(({ kind }) => kind === "PodDisruptionBudget")).toBe(false);
    expect(podOf(operator())).not.toHaveProperty("affinity");
    const three = { ...smallest, operator: { replicas: 3 } };
    expect(find(render(three), "PodDisruptionBudget").spec).toMatchObject({ minAvailable: 1 });
    expect(podOf(operator(three))).toHaveProperty("affinity.podAntiAffinity");
    expect(at(podOf(operator(three)), "topologySpreadConstraints", 0)).toMatchObject({
      topologyKey: "topology.kubernetes.io/zone",
      labelSelector: { matchLabels: { "app.kubernetes.io/component": "operator" } },
    });
    const without = { ...smallest, operator: { replicas: 3, podDisruptionBudget: { enabled: false } } };
    expect(render(without).some(({ kind }) => kind === "PodDisruptionBudget")).toBe(false);
  });

  test("starts again when its brokers change, and not otherwise", () => {
    const checksum = (values: Values) =>
      at(operator(values).spec, "template", "metadata", "annotations", "checksum/config");
    const other = { brokers: { default: { rabbitmqCluster: { name: "other" } } } };
    expect(checksum(other)).not.toBe(checksum(smallest));
    expect(checksum({ ...smallest, operator: { replicas: 2 } })).toBe(checksum(smallest));
  });

  test("takes further arguments, variables, volumes, labels, and where to run", () => {
    const { everything = {} } = configurations;
    const deployment = operator(everything);
    expect(argsOf(deployment).at(-1)).toBe("--cycle-seconds=1");
    expect(containerOf(deployment)["env"]).toEqual([{ name: "TZ", value: "UTC" }]);
    expect(containerOf(deployment)["volumeMounts"]).toContainEqual({ name: "more", mountPath: "/more" });
    const pod = podOf(deployment);
    expect(pod["volumes"]).toContainEqual({ name: "more", emptyDir: {} });
    expect(pod).toMatchObject({
      priorityClassName: "system-cluster-critical",
      nodeSelector: { "kubernetes.io/os": "linux" },
      tolerations: [{ key: "dedicated", operator: "Exists" }],
    });
    expect(at(deployment.spec, "template", "metadata")).toMatchObject({
      labels: { mesh: "off" },
      annotations: { "example.com/inject": "false" },
    });
  });

  test("can run as an existing service account, which then must be named", () => {
    const existing = { ...smallest, operator: { serviceAccount: { create: false, name: "mine" } } };
    expect(podOf(operator(existing))["serviceAccountName"]).toBe("mine");
    expect(
      render(existing).some(({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === "mine"),
    ).toBe(false);
    expect(() => render({ ...smallest, operator: { serviceAccount: { create: false } } })).toThrow(
      "operator.serviceAccount.name",
    );
  });
});

describe.skipIf("missing" in tools)("the brokers", () => {
  const brokersOf = (values: Values) => {
    const config = find(render(values), "ConfigMap", "-operator");
    return parseBrokers(parse(config.data?.["brokers.yaml"] ?? ""));
  };

  test("follow from the name of a RabbitmqCluster", () => {
    expect(brokersOf(smallest)).toEqual({
      kind: "brokers",
      brokers: [
        {
          name: "default",
          amqpUrl: "amqp://rabbit.messaging.svc:5672",
          managementUrl: "http://rabbit.messaging.svc:15672",
          credentials: {
            usernameFile: "/etc/millrace/brokers/default/credentials/username",
            passwordFile: "/etc/millrace/brokers/default/credentials/password",
          },
        },
      ],
    });
    expect(podOf(operator())["volumes"]).toContainEqual({
      name: "broker-default",
      secret: { secretName: "rabbit-default-user", defaultMode: 0o440 },
    });
  });

  test("are what the operator's own reader takes, in every form", () => {
    const { everything = {} } = configurations;
    expect(brokersOf(everything)).toMatchObject({
      kind: "brokers",
      brokers: [
        { name: "certificate", credentials: { external: true }, tls: { insecureSkipVerify: true } },
        { name: "default", amqpUrl: "amqps://rabbit.messaging.svc:5671" },
        { name: "far", allowedNamespaces: ["shop"], allowedVhosts: ["/"], maxDeclaresPerSecond: 100 },
        { name: "token", credentials: { oauth2: { clientId: "millrace", audience: "b" } } },
      ],
    });
  });

  test("have each file that is named in a Secret that is mounted, and Prometheus too", () => {
    const { everything = {} } = configurations;
    const mounts = containerOf(operator(everything))["volumeMounts"] as readonly { mountPath: string }[];
    const { data = {} } = find(render(everything), "ConfigMap", "-operator");
    const config = Object.values(data).join("\n");
    const files = [...config.matchAll(/File: (\S+)/g)].map(([, file = ""]) => file);
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) {
      expect(
        mounts.some(({ mountPath }) => file.startsWith(`${mountPath}/`)),
        file,
      ).toBe(true);
    }
  });

  test("are mounted as whole folders, so that rotated credentials arrive", () => {
    const mounts = containerOf(operator(configurations["everything"]))["volumeMounts"] as readonly object[];
    for (const mount of mounts) expect(mount).not.toHaveProperty("subPath");
  });
});

describe.skipIf("missing" in tools)("Prometheus", () => {
  const prometheusOf = (prometheus: Values) => {
    const config = find(render({ ...smallest, prometheus }), "ConfigMap", "-operator");
    return parsePrometheus(parse(config.data?.["prometheus.yaml"] ?? ""));
  };
  const url = "http://p:9090";

  test("is what the operator's own reader takes, with every kind of login", () => {
    const folder = "/etc/millrace/prometheus/credentials";
    const login = (values: Values) => prometheusOf({ url, existingSecret: "s", ...values });
    expect(prometheusOf({ url, scrapeSeconds: 15 })).toEqual({
      kind: "prometheus",
      prometheus: { url, scrapeIntervalSeconds: 15 },
    });
    expect(login({})).toMatchObject({
      prometheus: { credentials: { usernameFile: `${folder}/username`, passwordFile: `${folder}/password` } },
    });
    expect(login({ bearerTokenKey: "token" })).toMatchObject({
      prometheus: { credentials: { bearerTokenFile: `${folder}/token` } },
    });
    expect(login({ oauth2: { tokenUrl: "https://sso/token", clientId: "m" } })).toMatchObject({
      prometheus: { credentials: { oauth2: { clientSecretFile: `${folder}/clientSecret` } } },
    });
  });

  test("can have headers, matchers, other labels, and an authority of its own", () => {
    expect(prometheusOf(configurations["everything"]?.["prometheus"] as Values)).toMatchObject({
      kind: "prometheus",
      prometheus: {
        tls: { caFile: "/etc/millrace/prometheus/tls/ca.crt" },
        headers: { "X-Scope-OrgID": "shop" },
        matchers: 'cluster="eu"',
        labels: { broker: "", replica: ["pod"] },
      },
    });
  });

  test("is left out where there is none", () => {
    expect(argsOf(operator()).join(" ")).not.toContain("prometheus");
    expect(argsOf(operator({ prometheus: { url } })).join(" ")).not.toContain("brokers");
  });
});

describe.skipIf("missing" in tools)("the rights", () => {
  const rulesOf = (manifests: readonly Manifest[]) =>
    manifests
      .filter(({ metadata }) => !/-(view|edit|test)$/.test(metadata.name))
      .flatMap(({ rules = [] }) => rules);

  test("are a cluster role, or roles in the named namespaces without any cluster-wide object", () => {
    expect(find(render(), "ClusterRole", "-operator").metadata.name).toBe("messaging-demo-millrace-operator");
    const scoped = render({ ...smallest, rbac: { scope: "namespace", watchNamespaces: ["a", "b"] } });
    expect(scoped.filter(({ kind }) => kind.startsWith("ClusterRole"))).toEqual([]);
    const roles = scoped.filter(
      ({ kind, metadata }) => kind === "Role" && metadata.name === "demo-millrace-operator",
    );
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(["a", "b"]);
    expect(argsOf(find(scoped, "Deployment", "-operator"))).toContain("--namespaces=a,b");
  });

  test("are for the release's namespace when none is named", () => {
    const scoped = render({ ...smallest, rbac: { scope: "namespace" } });
    expect(argsOf(find(scoped, "Deployment", "-operator"))).toContain("--namespaces=messaging");
  });

  test("of namespaces and of the whole cluster exclude each other", () => {
    expect(() => render({ ...smallest, rbac: { watchNamespaces: ["a"] } })).toThrow(
      "only with rbac.scope=namespace",
    );
  });

  test("have no wildcard, no Secret, and nothing that could be raised", () => {
    const all = Object.values(configurations).flatMap((values) => rulesOf(render(values)));
    for (const { apiGroups, resources, verbs } of all) {
      expect([...apiGroups, ...resources, ...verbs]).not.toContain("*");
      expect(resources.join()).not.toMatch(/secrets|configmaps|serviceaccounts|roles|pods\/exec|impersonate/);
      expect(verbs.join()).not.toMatch(/delete|escalate|bind|impersonate/);
    }
  });

  test("reach further kinds that are named", () => {
    const rbac = { extraScaleTargets: [{ apiGroup: "argoproj.io", resource: "rollouts" }] };
    const { rules = [] } = find(render({ ...smallest, rbac }), "ClusterRole", "-operator");
    expect(rules).toContainEqual({
      apiGroups: ["argoproj.io"],
      resources: ["rollouts/scale"],
      verbs: ["get", "patch"],
    });
  });

  test("can be left to somebody else, and the cluster's own roles left alone", () => {
    const kinds = (values: Values) => render({ ...smallest, ...values }).map(({ kind }) => kind);
    expect(kinds({ rbac: { create: false } })).not.toContain("ClusterRole");
    expect(
      render({ ...smallest, rbac: { aggregateToDefaultRoles: false } }).filter(
        ({ kind }) => kind === "ClusterRole",
      ),
    ).toHaveLength(1);
    expect(find(render(), "ClusterRole", "-edit").metadata.labels).toMatchObject({
      "rbac.authorization.k8s.io/aggregate-to-edit": "true",
    });
  });
});

describe.skipIf("missing" in tools)("the definitions", () => {
  test("come with the chart, and stay when it goes", () => {
    const definition = find(render(), "CustomResourceDefinition");
    expect(definition.metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
  });

  test("can be removed with it, or left to somebody else", () => {
    const definition = find(render({ ...smallest, crds: { keep: false } }), "CustomResourceDefinition");
    expect(definition.metadata.annotations).toBeUndefined();
    const kinds = render({ ...smallest, crds: { install: false } }).map(({ kind }) => kind);
    expect(kinds).not.toContain("CustomResourceDefinition");
  });
});

describe.skipIf("missing" in tools)("the gateway", () => {
  test("is not run open to everybody unless that is said", () => {
    expect(() => render({ ...smallest, gateway: { ...gateway, allowUnauthenticatedAccess: false } })).toThrow(
      "whoever reaches it may submit and read jobs",
    );
  });

  test("needs its Secrets named", () => {
    expect(() => render({ ...smallest, gateway: { ...gateway, database: {} } })).toThrow(
      "gateway.database.existingSecret",
    );
  });

  test("has addresses from Secrets, a Service, a budget, and no token", () => {
    const manifests = render({ ...smallest, gateway: { ...gateway, jobs: ["/jobs/greet.mjs"] } });
    const deployment = find(manifests, "Deployment", "-gateway");
    expect(containerOf(deployment)["env"]).toEqual([
      {
        name: "AMQP_URL",
        valueFrom: { secretKeyRef: { name: "rabbit-default-user", key: "connection_string" } },
      },
      { name: "DATABASE_URL", valueFrom: { secretKeyRef: { name: "jobs-database", key: "url" } } },
    ]);
    expect(argsOf(deployment).slice(-2)).toEqual(["--jobs", "/jobs/greet.mjs"]);
    expect(podOf(deployment)["automountServiceAccountToken"]).toBe(false);
    expect(find(manifests, "Service", "-gateway").spec).toMatchObject({
      type: "ClusterIP",
      ports: [{ port: 80 }],
    });
    expect(find(manifests, "PodDisruptionBudget", "-gateway")).toBeDefined();
    const single = render({ ...smallest, gateway: { ...gateway, replicas: 1 } });
    expect(single.some(({ kind }) => kind === "PodDisruptionBudget")).toBe(false);
  });

  test("asks the release's operator for its page where that is wished for, through the network policies", () => {
    const policies = { enabled: true, metricsFrom: [{ namespaceSelector: {} }] };
    const rendered = (showOperator: boolean) =>
      render({ ...smallest, gateway: { ...gateway, showOperator }, networkPolicy: policies });
    const relay = (manifests: ReturnType<typeof rendered>) =>
      argsOf(find(manifests, "Deployment", "-gateway")).filter((arg) => arg.startsWith("--operator-url"));
    const manifests = rendered(true);
    const service = find(manifests, "Service", "-operator");
    expect(relay(manifests)).toEqual([`--operator-url=http://${service.metadata.name}:9090`]);
    expect(at(service.spec, "ports", 0, "port")).toBe(9_090);
    expect(at(find(manifests, "NetworkPolicy", "-gateway").spec, "egress", 1, "ports")).toContainEqual({
      port: 9_090,
    });
    const peers = at(find(manifests, "NetworkPolicy", "-operator").spec, "ingress", 0, "from");
    expect(JSON.stringify(peers)).toContain('"app.kubernetes.io/component":"gateway"');
    expect(relay(rendered(false))).toEqual([]);
    const others = at(find(rendered(false), "NetworkPolicy", "-operator").spec, "ingress", 0, "from");
    expect(JSON.stringify(others)).not.toContain("gateway");
  });
});

describe.skipIf("missing" in tools)("the workers", () => {
  test("leave their number to the operator unless one is given", () => {
    const deployment = (values: Values) => find(render({ ...smallest, ...values }), "Deployment", "-worker");
    expect(deployment({ worker }).spec).not.toHaveProperty("replicas");
    expect(deployment({ worker: { ...worker, replicas: 0 } }).spec).toMatchObject({ replicas: 0 });
  });

  test("have more time to end than their jobs, and a folder to write to", () => {
    const values = {
      ...smallest,
      worker: { ...worker, drainSeconds: 100, jobs: ["/a.mjs"], builtin: ["sleep"] },
    };
    const deployment = find(render(values), "Deployment", "-worker");
    expect(podOf(deployment)["terminationGracePeriodSeconds"]).toBe(105);
    expect(argsOf(deployment)).toEqual(
      expect.arrayContaining(["--drain-seconds=100", "--builtin", "sleep", "--jobs", "/a.mjs"]),
    );
    expect(podOf(deployment)["volumes"]).toEqual([{ name: "tmp", emptyDir: {} }]);
  });

  test("hear a SIGTERM while they boot, as they are not process 1", () => {
    const deployment = find(render({ ...smallest, worker }), "Deployment", "-worker");
    expect(podOf(deployment)).toMatchObject({ shareProcessNamespace: true });
  });

  test("need their Secret named", () => {
    expect(() => render({ ...smallest, worker: { enabled: true } })).toThrow("worker.amqp.existingSecret");
  });
});

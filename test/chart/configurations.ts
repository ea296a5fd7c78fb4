import type { Values } from "./render-chart.ts";

/** The least that can be installed. */
export const smallest: Values = { brokers: { default: { rabbitmqCluster: { name: "rabbit" } } } };

const everyComponent: Values = {
  operator: { replicas: 2 },
  gateway: {
    enabled: true,
    allowUnauthenticatedAccess: true,
    amqp: { existingSecret: "rabbit-default-user" },
    database: { existingSecret: "jobs-database" },
  },
  worker: { enabled: true, amqp: { existingSecret: "rabbit-default-user" }, objectiveWaitSeconds: [5] },
};

/** Nothing left out: each list and map has something in it. */
const everything: Values = {
  ...everyComponent,
  global: { imageRegistry: "mirror.example", imagePullSecrets: [{ name: "registry" }] },
  commonLabels: { team: "messaging" },
  commonAnnotations: { "example.com/owner": "messaging" },
  image: { digest: `sha256:${"0".repeat(64)}` },
  rbac: { extraScaleTargets: [{ apiGroup: "argoproj.io", resource: "rollouts" }] },
  brokers: {
    default: {
      rabbitmqCluster: { name: "rabbit", tls: true },
      tls: { existingSecret: "ca", caKey: "ca.crt" },
    },
    far: {
      amqpUrl: "amqps://far.example:5671",
      managementUrl: "https://far.example",
      existingSecret: "far",
      usernameKey: "user",
      passwordKey: "pass",
      tls: {
        existingSecret: "far-tls",
        caKey: "ca.crt",
        certKey: "tls.crt",
        keyKey: "tls.key",
        serverName: "far",
      },
      allowedNamespaces: ["shop"],
      allowedVhosts: ["/"],
      maxDeclaresPerSecond: 100,
      statisticsIntervalSeconds: 10,
    },
    token: {
      amqpUrl: "amqp://token.example",
      existingSecret: "token",
      oauth2: { tokenUrl: "https://sso.example/token", clientId: "millrace", scopes: ["a"], audience: "b" },
    },
    certificate: {
      amqpUrl: "amqps://certificate.example",
      external: true,
      tls: {
        existingSecret: "certificate",
        caKey: "ca.crt",
        certKey: "tls.crt",
        keyKey: "tls.key",
        insecureSkipVerify: true,
      },
    },
  },
  prometheus: {
    url: "http://prometheus.monitoring:9090",
    scrapeSeconds: 2.5,
    existingSecret: "prometheus",
    bearerTokenKey: "token",
    tls: { existingSecret: "prometheus-tls", caKey: "ca.crt" },
    headers: { "X-Scope-OrgID": "shop" },
    matchers: 'cluster="eu"',
    labels: { broker: "", replica: ["pod"] },
  },
  operator: {
    replicas: 3,
    logLevel: "debug",
    serviceAccount: { annotations: { "example.com/role": "millrace" } },
    extraArgs: ["--cycle-seconds=1"],
    extraEnv: [{ name: "TZ", value: "UTC" }],
    extraVolumes: [{ name: "more", emptyDir: {} }],
    extraVolumeMounts: [{ name: "more", mountPath: "/more" }],
    podLabels: { mesh: "off" },
    podAnnotations: { "example.com/inject": "false" },
    priorityClassName: "system-cluster-critical",
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ key: "dedicated", operator: "Exists" }],
  },
  networkPolicy: {
    enabled: true,
    metricsFrom: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }],
    gatewayFrom: [{ podSelector: {} }],
    extraEgress: [{ ports: [{ port: 9093 }] }],
  },
  extraObjects: [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "extra", namespace: "{{ .Release.Namespace }}" },
    },
  ],
};

/** Logins of its own: those that the chart would make are others at each rendering. */
const stack: Values = {
  gateway: {
    enabled: true,
    allowUnauthenticatedAccess: true,
    database: { existingSecret: "jobs-database" },
  },
  worker: { enabled: true },
  networkPolicy: { enabled: true, metricsFrom: [{ namespaceSelector: {} }] },
  stack: {
    enabled: true,
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ key: "dedicated", operator: "Exists" }],
    prometheus: {
      workers: [{ service: "image-worker.shop.svc", port: 9100 }],
      persistence: { enabled: true, size: "5Gi", storageClass: "fast" },
    },
    alertmanager: {
      existingSecret: "receivers",
      receivers: { "millrace-on-call": { webhook_configs: [{ url: "http://on-call.shop.svc/alerts" }] } },
    },
    grafana: { existingSecret: "grafana", anonymousViewer: true },
    rabbitmq: { enabled: true, existingSecret: "rabbit", persistence: { enabled: true } },
  },
};

/** By name: values that all checks of rendered manifests run on. */
export const configurations: Readonly<Record<string, Values>> = {
  smallest,
  "Prometheus only": { prometheus: { url: "https://prometheus.example" } },
  "every component": { ...smallest, ...everyComponent },
  everything,
  "one namespace": { ...smallest, rbac: { scope: "namespace" } },
  "the stack": stack,
};

/** Needs definitions of the Prometheus Operator on a cluster. */
export const monitored = (scrape: "ServiceMonitor" | "PodMonitor"): Values => ({
  ...smallest,
  ...everyComponent,
  monitoring: { scrape, labels: { release: "stack" }, relabelings: [{ action: "drop" }] },
  rules: { enabled: true, labels: { release: "stack" }, alertLabels: { team: "messaging" } },
});

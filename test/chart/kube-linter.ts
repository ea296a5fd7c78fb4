import { isSubset, serviceProblems } from "./kube-linter-services.ts";
import type { Manifest } from "./render-chart.ts";

/**
 * The checks of stackrox/kube-linter that its default has on, and some more that are worth having (marked), as that
 * program cannot be had everywhere. Names are its own. What cannot occur here (extensions/v1beta1) is left to the API server.
 */

type Container = {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly containerPort: number }[];
  readonly resources?: Readonly<Record<"requests" | "limits", Readonly<Record<string, unknown>> | undefined>>;
  readonly livenessProbe?: object;
  readonly readinessProbe?: object;
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly privileged?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly runAsNonRoot?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
};

type PodSpec = {
  readonly serviceAccount?: string;
  readonly serviceAccountName?: string;
  readonly hostIPC?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly volumes?: readonly { readonly name: string; readonly hostPath?: object }[];
  readonly affinity?: { readonly podAntiAffinity?: object };
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly sysctls?: unknown;
  };
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
};

type Workload = {
  readonly name: string;
  readonly isService: boolean;
  readonly replicas: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly pod: PodSpec;
};

/** What kube-linter would say of these manifests, each as "check: object". */
export const kubeLinterProblems = (manifests: readonly Manifest[]): readonly string[] => {
  const workloads = manifests.flatMap(workloadOf);
  return [
    ...workloads.flatMap((workload) => [
      ...podProblems(workload, manifests),
      ...[...workload.pod.containers, ...(workload.pod.initContainers ?? [])].flatMap((container) =>
        containerProblems(workload, container),
      ),
    ]),
    ...serviceProblems(manifests, workloads),
    ...manifests.flatMap(roleProblems),
  ];
};

const workloadOf = (manifest: Manifest): readonly Workload[] => {
  const spec = manifest.spec as never as {
    replicas?: number;
    selector?: { matchLabels: Record<string, string> };
    template?: { metadata: { labels: Record<string, string> }; spec: PodSpec };
  };
  const name = `${manifest.kind} ${manifest.metadata.name}`;
  if (manifest.kind === "Pod") {
    const labels = manifest.metadata.labels ?? {};
    return [
      { name, isService: false, replicas: 1, labels, selector: undefined, pod: manifest.spec as never },
    ];
  }
  if (spec?.template === undefined) return [];
  const { template, selector, replicas = 1 } = spec;
  const { labels } = template.metadata;
  return [{ name, isService: true, replicas, labels, selector: selector?.matchLabels, pod: template.spec }];
};

/** Each check is true where all is well. */
const failing = (where: string, checks: Readonly<Record<string, boolean>>): readonly string[] =>
  Object.entries(checks).flatMap(([check, isFine]) => (isFine ? [] : [`${check}: ${where}`]));

const podProblems = (workload: Workload, manifests: readonly Manifest[]): readonly string[] => {
  const { name, pod, replicas, labels, selector } = workload;
  const accounts = manifests
    .filter(({ kind }) => kind === "ServiceAccount")
    .map(({ metadata }) => metadata.name);
  const hostPaths = (pod.volumes ?? []).filter((volume) => "hostPath" in volume);
  return failing(name, {
    "deprecated-service-account-field": pod.serviceAccount === undefined,
    "host-ipc": pod.hostIPC !== true,
    "host-network": pod.hostNetwork !== true,
    "host-pid": pod.hostPID !== true,
    "docker-sock, sensitive-host-mounts": hostPaths.length === 0,
    "mismatching-selector": selector === undefined || isSubset(selector, labels),
    "no-anti-affinity": replicas < 2 || pod.affinity?.podAntiAffinity !== undefined,
    "non-existent-service-account": accounts.includes(pod.serviceAccountName ?? "default"),
    "default-service-account (not a default)": (pod.serviceAccountName ?? "default") !== "default",
    "unsafe-sysctls": pod.securityContext?.sysctls === undefined,
  });
};

const containerProblems = (workload: Workload, container: Container): readonly string[] =>
  failing(`${workload.name}, container ${container.name}`, {
    ...securityChecks(workload.pod, container),
    ...operationChecks(workload, container),
  });

const securityChecks = ({ securityContext: own }: PodSpec, { securityContext = {} }: Container) => ({
  "drop-net-raw-capability":
    securityContext.capabilities?.drop?.some((one) => /^(ALL|NET_RAW)$/.test(one)) === true &&
    securityContext.capabilities.add === undefined,
  "no-read-only-root-fs": securityContext.readOnlyRootFilesystem === true,
  "privilege-escalation-container": securityContext.allowPrivilegeEscalation === false,
  "privileged-container": securityContext.privileged !== true,
  "run-as-non-root": (securityContext.runAsNonRoot ?? own?.runAsNonRoot) === true && own?.runAsUser !== 0,
});

const operationChecks = (
  { isService }: Workload,
  { image, resources, env = [], ports = [], livenessProbe, readinessProbe }: Container,
) => ({
  "env-var-secret": !env.some(({ name, value = "" }) => /secret/i.test(name) && value !== ""),
  "latest-tag": /(:[^/:]+|@sha256:[0-9a-f]{64})$/.test(image) && !image.endsWith(":latest"),
  "ssh-port": !ports.some(({ containerPort }) => containerPort === 22),
  "privileged-ports (not a default)": !ports.some(({ containerPort }) => containerPort <= 1_024),
  "unset-cpu-requirements": hasBoth(resources, "cpu"),
  "unset-memory-requirements": hasBoth(resources, "memory"),
  "no-liveness-probe (not a default)": !isService || livenessProbe !== undefined,
  "no-readiness-probe (not a default)": !isService || readinessProbe !== undefined,
});

const hasBoth = (resources: Container["resources"], name: string): boolean =>
  resources?.requests?.[name] !== undefined && resources.limits?.[name] !== undefined;

const roleProblems = ({ kind, metadata, rules = [] }: Manifest): readonly string[] =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    failing(`${kind} ${metadata.name}`, {
      "wildcard-in-rules (not a default)": ![...apiGroups, ...resources, ...verbs].includes("*"),
      "access-to-secrets (not a default)": !resources.includes("secrets"),
      "access-to-create-pods (not a default)": !(resources.includes("pods") && verbs.includes("create")),
    }),
  );

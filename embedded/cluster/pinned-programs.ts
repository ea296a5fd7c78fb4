/** Programs for tests that no distribution has at one version, those of a cluster first: built from Go modules, checked by their go.sum. */

export const kubernetesVersion = "v1.34.4";

export type PinnedProgram = {
  /** Folder of its go.mod and go.sum, in modules/. */
  readonly module: string;
  readonly package: string;
  /** Linker flags beside `-s -w`. */
  readonly ldflags?: string;
  readonly buildTags?: string;
};

const version = "k8s.io/component-base/version";
/** What a server says it is; charts compare it with their kubeVersion. */
const kubernetesFlags = [
  `-X ${version}.gitVersion=${kubernetesVersion}`,
  `-X ${version}.gitMajor=1`,
  `-X ${version}.gitMinor=${kubernetesVersion.split(".")[1] ?? ""}`,
  `-X ${version}.gitTreeState=clean`,
].join(" ");

const kubernetes = (name: string): PinnedProgram => ({
  module: "kubernetes",
  package: `k8s.io/kubernetes/cmd/${name}`,
  ldflags: kubernetesFlags,
});

export const pinnedPrograms = {
  "kube-apiserver": kubernetes("kube-apiserver"),
  "kube-controller-manager": kubernetes("kube-controller-manager"),
  kubectl: kubernetes("kubectl"),
  "kube-scheduler": kubernetes("kube-scheduler"),
  kubelet: kubernetes("kubelet"),
  "kube-proxy": kubernetes("kube-proxy"),
  pause: { module: "pause", package: "." },
  coredns: { module: "coredns", package: "." },
  helm: {
    module: "helm",
    package: "helm.sh/helm/v4/cmd/helm",
    ldflags: "-X helm.sh/helm/v4/internal/version.version=v4.3.1",
  },
  helm3: {
    module: "helm3",
    package: "helm.sh/helm/v3/cmd/helm",
    ldflags: "-X helm.sh/helm/v3/internal/version.version=v3.22.0",
  },
  kubeconform: {
    module: "kubeconform",
    package: "github.com/yannh/kubeconform/cmd/kubeconform",
    ldflags: "-X main.version=v0.8.0",
  },
  // For tests of rules, beside the distribution's promtool 2; no cluster needs it.
  promtool: {
    module: "promtool",
    package: "github.com/prometheus/prometheus/cmd/promtool",
    ldflags: "-X github.com/prometheus/common/version.Version=3.14.0",
    // Of the ways to find targets the one that the chart's stack uses, without the clients of every cloud.
    buildTags: "remove_all_sd,enable_dns_sd",
  },
} as const satisfies Readonly<Record<string, PinnedProgram>>;

export type ProgramName = keyof typeof pinnedPrograms;

/** No nodes: pods stay Pending, but the API, Deployments, scale, RBAC and custom resources are real. */
export const controlPlanePrograms: readonly ProgramName[] = [
  "kube-apiserver",
  "kube-controller-manager",
  "kubectl",
];

/** Pods run. */
export const nodePrograms: readonly ProgramName[] = [
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "pause",
  "coredns",
];

/** For tests of a chart. */
export const chartPrograms: readonly ProgramName[] = ["helm", "helm3", "kubeconform"];

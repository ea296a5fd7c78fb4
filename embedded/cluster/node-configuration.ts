import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { machineFolder } from "./folders.ts";
import { network } from "./network-plan.ts";
import { nodeName } from "./control-plane-servers.ts";

export const containerdSocket = join(machineFolder, "containerd.sock");

export type NodePlan = {
  /** The cluster's folder: configuration, logs, the kubelet's and containerd's state. */
  readonly directory: string;
  /** Folder of the stores that outlive the cluster. */
  readonly stores: string;
  readonly privateAddress: string;
  readonly ports: { readonly proxyHealth: number; readonly proxyMetrics: number };
  /** Folder of the CNI plugins. */
  readonly cni: string;
};

const containerdConfig = ({ directory, stores, cni }: NodePlan): string => `version = 2
root = "${stores}/containerd"
state = "${directory}/containerd"
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  netns_mounts_under_state_dir = true
  # Without CAP_SYS_RESOURCE (a container, a small virtual machine) it cannot be lowered, and no pod would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "${directory}/runc"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${cni}"
    conf_dir = "${directory}/cni"
`;

const cniConfig = ({ directory }: NodePlan): object => ({
  cniVersion: "0.4.0",
  name: network.bridge,
  plugins: [
    {
      type: "bridge",
      bridge: network.bridge,
      isGateway: true,
      hairpinMode: true,
      ipam: {
        type: "host-local",
        dataDir: join(directory, "cni-addresses"),
        routes: [{ dst: "0.0.0.0/0" }],
        ranges: [[{ subnet: network.pods, gateway: network.bridgeAddress }]],
      },
    },
  ],
});

const kubeletConfig = ({ directory }: NodePlan): object => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  address: network.bridgeAddress,
  healthzPort: 0,
  tlsCertFile: join(directory, "pki", "kubelet.crt"),
  tlsPrivateKeyFile: join(directory, "pki", "kubelet.key"),
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: join(directory, "pki", "ca.crt") },
  },
  authorization: { mode: "Webhook" },
  containerRuntimeEndpoint: `unix://${containerdSocket}`,
  cgroupDriver: "cgroupfs",
  failCgroupV1: false,
  failSwapOn: false,
  clusterDomain: "cluster.local",
  clusterDNS: [network.dns],
  resolvConf: join(directory, "resolv.conf"),
  podLogsDir: join(directory, "pods"),
  maxPods: 200, // of the 253 addresses that the network has
  volumePluginDir: join(directory, "volume-plugins"),
  // Never: what is collected cannot be pulled again.
  imageGCHighThresholdPercent: 100,
  evictionHard: { "memory.available": "200Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
});

const proxyConfig = ({ directory, privateAddress, ports }: NodePlan): object => ({
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  mode: "iptables",
  clientConnection: { kubeconfig: join(directory, "proxy.conf") },
  hostnameOverride: nodeName,
  clusterCIDR: network.pods,
  bindAddress: network.bridgeAddress,
  healthzBindAddress: `${privateAddress}:${ports.proxyHealth}`,
  metricsBindAddress: `${privateAddress}:${ports.proxyMetrics}`,
  nodePortAddresses: [network.pods],
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  iptables: { minSyncPeriod: "0s" },
});

/** Configuration files of containerd, its network, kubelet and kube-proxy; JSON is YAML too. */
export const writeNodeConfiguration = async (plan: NodePlan): Promise<void> => {
  const { directory } = plan;
  await mkdir(join(directory, "cni"), { recursive: true });
  await mkdir(machineFolder, { recursive: true });
  await mkdir(join(plan.stores, "containerd"), { recursive: true });
  const files: Readonly<Record<string, string>> = {
    "containerd.toml": containerdConfig(plan),
    "cni/bridge.conflist": JSON.stringify(cniConfig(plan)),
    "kubelet.yaml": JSON.stringify(kubeletConfig(plan)),
    "proxy.yaml": JSON.stringify(proxyConfig(plan)),
    "resolv.conf": "",
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)));
};

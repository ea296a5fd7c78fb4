import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { type RunningProgram, type RunScope, untilReady } from "../run-scope.ts";
import { makeCertificates } from "./certificates.ts";
import type { ControlPlanePrograms } from "./control-plane-programs.ts";
import { network } from "./network-plan.ts";

export type ControlPlanePorts = {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
};

export type ControlPlanePlan = {
  /** Certificates, kubeconfigs and etcd's data. */
  readonly directory: string;
  /** Where the API server listens. */
  readonly address: string;
  /** Where everything else does: a loopback address. */
  readonly privateAddress: string;
  readonly ports: ControlPlanePorts;
  readonly programs: Omit<ControlPlanePrograms, "kubectl">;
  readonly spawn: RunScope["spawn"];
  /** More of the API server's flags. */
  readonly apiServerFlags?: readonly string[];
  /** More of the controller manager's flags. */
  readonly controllerManagerFlags?: readonly string[];
};

export type ControlPlaneServers = {
  /** For a person: all rights. */
  readonly kubeconfig: string;
  readonly url: string;
  /** etcd, API server, controller manager; resolves when all answer. */
  start(): Promise<void>;
  stop(): Promise<void>;
  startApiServer(): Promise<void>;
  /** SIGTERM: watches are closed, requests finished. */
  stopApiServer(): Promise<void>;
  /** SIGKILL: connections break. */
  killApiServer(): Promise<void>;
};

/** So long each of them may take on a machine that is busy with several. */
const readyMs = 120_000;

/** The node's name, wherever there is one. */
export const nodeName = "millrace";

const kubeconfigOf = (url: string, pki: string, user: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "millrace",
    contexts: [{ name: "millrace", context: { cluster: "millrace", user } }],
    clusters: [{ name: "millrace", cluster: { server: url, "certificate-authority": join(pki, "ca.crt") } }],
    users: [
      {
        name: user,
        user: { "client-certificate": join(pki, `${user}.crt`), "client-key": join(pki, `${user}.key`) },
      },
    ],
  });

const etcdArguments = ({ directory, privateAddress, ports }: ControlPlanePlan): readonly string[] => {
  const client = `http://${privateAddress}:${ports.etcd}`;
  const peer = `http://${privateAddress}:${ports.etcdPeer}`;
  return [
    `--data-dir=${join(directory, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ];
};

const apiServerArguments = (plan: ControlPlanePlan): readonly string[] => {
  const pki = (file: string): string => join(plan.directory, "pki", file);
  return [
    `--etcd-servers=http://${plan.privateAddress}:${plan.ports.etcd}`,
    `--bind-address=${plan.address}`,
    // A loopback address cannot be the endpoint of the Service "kubernetes"; nothing but pods uses that.
    `--advertise-address=${plan.address.startsWith("127.") ? network.bridgeAddress : plan.address}`,
    `--secure-port=${plan.ports.api}`,
    `--tls-cert-file=${pki("apiserver.crt")}`,
    `--tls-private-key-file=${pki("apiserver.key")}`,
    `--client-ca-file=${pki("ca.crt")}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--allow-privileged",
    `--service-cluster-ip-range=${network.services}`,
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${pki("sa.pub")}`,
    `--service-account-signing-key-file=${pki("sa.key")}`,
    `--kubelet-client-certificate=${pki("kubelet-client.crt")}`,
    `--kubelet-client-key=${pki("kubelet-client.key")}`,
    `--kubelet-certificate-authority=${pki("ca.crt")}`,
    "--kubelet-preferred-address-types=InternalIP",
    `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
    "--requestheader-allowed-names=front-proxy",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    "--enable-aggregator-routing",
    `--proxy-client-cert-file=${pki("front-proxy.crt")}`,
    `--proxy-client-key-file=${pki("front-proxy.key")}`,
    ...(plan.apiServerFlags ?? []),
  ];
};

const controllerManagerArguments = ({ directory, controllerManagerFlags = [] }: ControlPlanePlan) => [
  `--kubeconfig=${join(directory, "controller-manager.conf")}`,
  // It serves nothing that is asked for; a port could be taken before it binds it, seconds after it was found free.
  "--secure-port=0",
  "--use-service-account-credentials",
  `--root-ca-file=${join(directory, "pki", "ca.crt")}`,
  `--service-account-private-key-file=${join(directory, "pki", "sa.key")}`,
  "--leader-elect=false",
  "--allocate-node-cidrs=false",
  ...controllerManagerFlags,
];

/** True when the API server answers `path` with 200, asked as a cluster administrator. */
const apiAnswers = (plan: ControlPlanePlan, path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const pki = (file: string): Buffer => readFileSync(join(plan.directory, "pki", file));
    const asked = request({
      host: plan.address,
      port: plan.ports.api,
      path,
      agent: false,
      timeout: 2_000,
      ca: pki("ca.crt"),
      cert: pki("admin.crt"),
      key: pki("admin.key"),
    });
    asked.on("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
    asked.end();
  });

const prepare = async (plan: ControlPlanePlan, url: string): Promise<void> => {
  const { directory, address } = plan;
  const pki = join(directory, "pki");
  await mkdir(directory, { recursive: true });
  await makeCertificates(pki, {
    node: nodeName,
    kubelet: [`DNS:${nodeName}`, "DNS:localhost", `IP:${address}`],
    server: [
      ...(["DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default"] as const),
      ...(["DNS:kubernetes.default.svc", "DNS:kubernetes.default.svc.cluster.local"] as const),
      `IP:${network.firstService}`,
      `IP:${address}`,
    ],
  });
  const users = ["admin", "controller-manager", "scheduler", "kubelet", "proxy"];
  await Promise.all(
    users.map((user) =>
      writeFile(join(directory, `${user}.conf`), kubeconfigOf(url, pki, user), { mode: 0o600 }),
    ),
  );
};

/** etcd, API server and controller manager by one plan, which a command or a run carries out. */
export const createControlPlaneServers = (plan: ControlPlanePlan): ControlPlaneServers => {
  const url = `https://${plan.address}:${plan.ports.api}`;
  const running: { etcd?: RunningProgram; apiServer?: RunningProgram; controllerManager?: RunningProgram } =
    {};
  const startApiServer = async (): Promise<void> => {
    const apiServer = plan.spawn("kube-apiserver", [plan.programs.apiServer, ...apiServerArguments(plan)]);
    running.apiServer = apiServer;
    await untilReady("the API server", apiServer, () => apiAnswers(plan, "/readyz"), readyMs);
  };
  const startControllerManager = async (program: string): Promise<void> => {
    const started = plan.spawn("kube-controller-manager", [program, ...controllerManagerArguments(plan)]);
    running.controllerManager = started;
    // Its last controllers are ready when pods could be made: each needs a ServiceAccount.
    const account = "/api/v1/namespaces/default/serviceaccounts/default";
    await untilReady("the controller manager", started, () => apiAnswers(plan, account), readyMs);
  };
  return {
    url,
    kubeconfig: join(plan.directory, "admin.conf"),
    async start() {
      await prepare(plan, url);
      running.etcd = plan.spawn("etcd", [plan.programs.etcd, ...etcdArguments(plan)]);
      await startApiServer();
      if (plan.programs.controllerManager !== undefined)
        await startControllerManager(plan.programs.controllerManager);
    },
    async stop() {
      await running.controllerManager?.end(5_000);
      await running.apiServer?.end(5_000);
      await running.etcd?.end(5_000);
    },
    startApiServer,
    async stopApiServer() {
      await running.apiServer?.end(10_000);
    },
    async killApiServer() {
      await running.apiServer?.end(0);
    },
  };
};

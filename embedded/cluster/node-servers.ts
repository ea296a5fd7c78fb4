import { access } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunScope, untilReady } from "../run-scope.ts";
import { nodeName } from "./control-plane-servers.ts";
import { archiveProgram } from "./image-archive.ts";
import { hasImage, importArchive } from "./image-store.ts";
import { network } from "./network-plan.ts";
import { containerdSocket, type NodePlan } from "./node-configuration.ts";
import type { SystemCommands } from "./system-commands.ts";

const manifest = fileURLToPath(new URL("coredns.yaml", import.meta.url));

export type NodeServersPlan = NodePlan & {
  readonly programs: Readonly<
    Record<"kube-scheduler" | "kubelet" | "kube-proxy" | "pause" | "coredns", string>
  >;
  readonly commands: SystemCommands;
  readonly spawn: RunScope["spawn"];
  /** kubectl as the cluster's administrator. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
};

const succeeds = (attempt: Promise<unknown>): Promise<boolean> =>
  attempt.then(
    () => true,
    () => false,
  );

const startContainerd = async ({ directory, commands, spawn }: NodeServersPlan): Promise<void> => {
  const containerd = spawn(
    "containerd",
    [commands.path("containerd"), "--config", join(directory, "containerd.toml")],
    {
      env: commands.env,
    },
  );
  await untilReady("containerd", containerd, () =>
    succeeds(access(containerdSocket).then(() => commands.run("ctr", "-a", containerdSocket, "version"))),
  );
};

/** The images that the node itself needs: the sandbox of every pod, and the name server. */
const importOwnImages = async ({ directory, programs, commands }: NodeServersPlan): Promise<void> => {
  for (const name of ["pause", "coredns"] as const) {
    const tags = [`localhost/${name}:1`];
    const content = programs[name].split("/").at(-2) ?? ""; // the pins that it was built from
    if (await hasImage(commands, tags[0] ?? "", content)) continue;
    const file = join(directory, `${name}.tar`);
    await archiveProgram(commands, file, programs[name], tags);
    await importArchive(commands, file, tags, content);
  }
};

/** containerd with its images: pods are not started yet. */
export const startRuntime = async (plan: NodeServersPlan): Promise<void> => {
  await startContainerd(plan);
  await importOwnImages(plan);
};

/** Scheduler, kubelet, kube-proxy and DNS; resolves when a pod could look up a Service. */
export const startNode = async (plan: NodeServersPlan): Promise<void> => {
  const { directory, programs, spawn, commands, kubectl } = plan;
  spawn("kube-scheduler", [
    programs["kube-scheduler"],
    `--kubeconfig=${join(directory, "scheduler.conf")}`,
    "--secure-port=0",
    "--leader-elect=false",
  ]);
  const kubelet = spawn(
    "kubelet",
    [
      programs.kubelet,
      `--kubeconfig=${join(directory, "kubelet.conf")}`,
      `--config=${join(directory, "kubelet.yaml")}`,
      `--root-dir=${join(directory, "kubelet")}`,
      `--hostname-override=${nodeName}`,
      `--node-ip=${network.bridgeAddress}`,
    ],
    { env: commands.env },
  );
  const proxy = spawn("kube-proxy", [programs["kube-proxy"], `--config=${join(directory, "proxy.yaml")}`], {
    env: commands.env,
  });
  await untilReady("the node", kubelet, () =>
    succeeds(kubectl("wait", "--for=condition=Ready", `node/${nodeName}`, "--timeout=5s")),
  );
  await kubectl("apply", "-f", manifest);
  await untilReady("DNS", proxy, () =>
    succeeds(
      kubectl("-n", "kube-system", "wait", "--for=condition=Available", "deployment/coredns", "--timeout=5s"),
    ),
  );
};

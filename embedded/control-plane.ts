import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Service } from "../kit/src/service.ts";
import { findControlPlanePrograms } from "./cluster/control-plane-programs.ts";
import { type ControlPlaneServers, createControlPlaneServers } from "./cluster/control-plane-servers.ts";
import { clusterFolders } from "./cluster/folders.ts";
import type { RunScope } from "./run-scope.ts";

const run = promisify(execFile);

export type ControlPlaneOptions = {
  /** Distinguishes several of one run. */
  readonly name?: string;
  /** Told what is being built, the first time; by default nobody is. */
  readonly say?: (line: string) => void;
  /** More flags of its API server, such as those of an audit log. */
  readonly apiServerFlags?: readonly string[];
};

/** etcd, API server and controller manager without nodes: pods stay Pending, everything before them is real. */
export type ControlPlane = Service & {
  /** Path of a kubeconfig with all rights; the file is there after start(). */
  readonly kubeconfig: string;
  readonly url: string;
  /** Answers with what kubectl printed. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** SIGTERM, as a rolling update of the API server would. */
  stopApiServer(): Promise<void>;
  /** SIGKILL: connections break without a word. */
  killApiServer(): Promise<void>;
  /** Brings it back at the same address, with its state. */
  startApiServer(): Promise<void>;
};

/** It deletes pods on nodes that are not there, after 40 s: whoever plays a kubelet here has no other. */
const withoutNodes = ["--controllers=*,-pod-garbage-collector-controller"];

/** A private control plane at the run's own address; several fit in one run. */
export const createControlPlane = async (
  scope: RunScope,
  options: ControlPlaneOptions = {},
): Promise<ControlPlane> => {
  const { env } = scope;
  const programs = await findControlPlanePrograms(clusterFolders(env), {
    env,
    say: options.say ?? (() => {}),
  });
  const name = options.name ?? "control-plane";
  const servers: ControlPlaneServers = createControlPlaneServers({
    directory: join(scope.directory, name),
    address: scope.address,
    privateAddress: scope.address,
    ports: {
      api: await scope.freePort(),
      etcd: await scope.freePort(),
      etcdPeer: await scope.freePort(),
    },
    programs,
    spawn: (program, command, spawnOptions) => scope.spawn(`${name}-${program}`, command, spawnOptions),
    controllerManagerFlags: withoutNodes,
    ...(options.apiServerFlags !== undefined && { apiServerFlags: options.apiServerFlags }),
  });
  return {
    kubeconfig: servers.kubeconfig,
    url: servers.url,
    async kubectl(...args) {
      const options = { env: { ...env, KUBECONFIG: servers.kubeconfig } };
      return (await run(programs.kubectl, [...args], options)).stdout;
    },
    async start() {
      try {
        await servers.start();
      } catch (error) {
        await servers.stop();
        throw error;
      }
    },
    stop: () => servers.stop(),
    stopApiServer: () => servers.stopApiServer(),
    killApiServer: () => servers.killApiServer(),
    startApiServer: () => servers.startApiServer(),
  };
};

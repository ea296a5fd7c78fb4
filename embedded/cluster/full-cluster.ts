import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort, randomLoopback, type RunScope } from "../run-scope.ts";
import { makeBaseImages } from "./base-images.ts";
import { type ControlPlanePrograms, findControlPlanePrograms } from "./control-plane-programs.ts";
import { createControlPlaneServers } from "./control-plane-servers.ts";
import type { ClusterFolders } from "./folders.ts";
import { buildPrograms } from "./go-build.ts";
import { importArchive } from "./image-store.ts";
import { network } from "./network-plan.ts";
import { writeNodeConfiguration } from "./node-configuration.ts";
import { raiseNetwork } from "./node-network.ts";
import { type NodeServersPlan, startNode, startRuntime } from "./node-servers.ts";
import { controlPlanePrograms, nodePrograms, type ProgramName } from "./pinned-programs.ts";
import { recordedSpawn } from "./recorded-programs.ts";
import { systemCommands } from "./system-commands.ts";

export type StartOptions = {
  readonly env: NodeJS.ProcessEnv;
  /** Told each step with its time. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
};

/** What a person and a test need to know of a running cluster; stands in its folder as cluster.json. */
export type ClusterFacts = {
  readonly kubeconfig: string;
  readonly url: string;
  readonly kubectl: string;
  /** At which pods reach this machine; undefined without nodes. */
  readonly hostAddress?: string;
};

export const factsFile = (directory: string): string => join(directory, "cluster.json");

const timed = async <T>(what: string, options: StartOptions, action: () => Promise<T>): Promise<T> => {
  const startedMs = performance.now();
  const result = await action();
  options.signal.throwIfAborted();
  options.say(`${what} after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return result;
};

type Built = Readonly<Record<ProgramName, string>>;

const startControlPlane = async (
  place: { readonly directory: string; readonly address: string; readonly privateAddress: string },
  programs: ControlPlanePrograms,
  options: StartOptions,
  spawn: RunScope["spawn"],
): Promise<ClusterFacts> => {
  const ports = { api: await findFreePort(), etcd: await findFreePort(), etcdPeer: await findFreePort() };
  const servers = createControlPlaneServers({
    ...place,
    ports,
    programs,
    spawn,
  });
  await timed("API server and controller manager ready", options, () => servers.start());
  return { kubeconfig: servers.kubeconfig, url: servers.url, kubectl: programs.kubectl };
};

const writeFacts = async (directory: string, facts: ClusterFacts): Promise<ClusterFacts> => {
  await writeFile(factsFile(directory), JSON.stringify(facts));
  return facts;
};

/** A control plane that goes on after this process; ended by `takeDownControlPlane`. */
export const startKeptControlPlane = async (
  folders: ClusterFolders,
  options: StartOptions,
): Promise<ClusterFacts> => {
  const directory = folders.controlPlane;
  const programs = await findControlPlanePrograms(folders, options);
  await mkdir(directory, { recursive: true });
  const address = randomLoopback();
  const spawn = recordedSpawn(directory, options.signal);
  const place = { directory, address, privateAddress: address };
  return writeFacts(directory, await startControlPlane(place, programs, options, spawn));
};

const nodePlanOf = async (
  folders: ClusterFolders,
  programs: Built,
  facts: ClusterFacts,
  options: StartOptions & { readonly privateAddress: string },
): Promise<NodeServersPlan> => {
  const commands = systemCommands(options.env, options.signal);
  const { privateAddress } = options;
  return {
    directory: folders.full,
    stores: folders.stores,
    privateAddress,
    ports: {
      proxyHealth: await findFreePort(),
      proxyMetrics: await findFreePort(),
    },
    cni: commands.path("cni"),
    programs,
    commands,
    spawn: recordedSpawn(folders.full, options.signal),
    kubectl: (...args) => commands.run(facts.kubectl, `--kubeconfig=${facts.kubeconfig}`, ...args),
  };
};

/** A cluster whose pods run, at the bridge's address; ended by `takeDownFullCluster`, also when this rejects. */
export const startFullCluster = async (
  folders: ClusterFolders,
  options: StartOptions,
): Promise<ClusterFacts> => {
  const directory = folders.full;
  const programs = await buildPrograms(folders.programs, [...controlPlanePrograms, ...nodePrograms], options);
  const images = await makeBaseImages(
    folders.images,
    systemCommands(options.env, options.signal),
    options.say,
  );
  await mkdir(directory, { recursive: true });
  await raiseNetwork(directory, systemCommands(options.env));
  const privateAddress = randomLoopback();
  const place = { directory, address: network.bridgeAddress, privateAddress };
  const spawn = recordedSpawn(directory, options.signal);
  const controlPlane = await findControlPlanePrograms(folders, options);
  const facts = await startControlPlane(place, controlPlane, options, spawn);
  const plan = await nodePlanOf(folders, programs, facts, { ...options, privateAddress });
  await writeNodeConfiguration(plan);
  await timed("containerd ready with the images", options, async () => {
    await startRuntime(plan);
    for (const { file, tags, content } of images) await importArchive(plan.commands, file, tags, content);
  });
  await timed("node and DNS ready", options, () => startNode(plan));
  return writeFacts(directory, { ...facts, hostAddress: network.bridgeAddress });
};

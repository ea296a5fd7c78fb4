import type { TestProject } from "vitest/node";
import { holdExclusive } from "../../embedded/cluster/exclusive.ts";
import { clusterFolders } from "../../embedded/cluster/folders.ts";
import type { ClusterFacts } from "../../embedded/cluster/full-cluster.ts";
import { readFacts } from "../../embedded/cluster/held-cluster.ts";
import { startRunCluster } from "../../embedded/cluster/run-cluster.ts";
import { providedByAnother } from "../support/provided-once.ts";
import { rehearse, type Rehearsal } from "./support/rehearse.ts";

declare module "vitest" {
  export interface ProvidedContext {
    cluster: ClusterFacts;
    rehearsal: Rehearsal;
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
/** Another run's tests take their time. */
const waitMs = 45 * 60_000;

/** The cluster of KUBECONFIG: no other is let through to here than the one that `npm run cluster up` keeps. */
const existingCluster = (kubeconfig: string): Promise<ClusterFacts> => {
  say(`cluster tests use the cluster of KUBECONFIG=${kubeconfig}`);
  return readFacts("full", clusterFolders(process.env));
};

/** One run at a time, also on a cluster that somebody keeps: its tests install an operator for the whole of it. */
const takeTurn = (): Promise<() => Promise<void>> =>
  holdExclusive({
    name: "cluster-tests",
    who: `process ${process.pid}`,
    onWait: (holder) => say(`waiting for the cluster tests of ${holder}`),
  });

const ownCluster = async (project: TestProject): Promise<() => Promise<void>> => {
  const folders = clusterFolders(process.env);
  const options = { env: process.env, say, waitMs, signal: new AbortController().signal };
  project.provide("rehearsal", await rehearse(folders, options));
  const cluster = await startRunCluster(folders, options);
  project.provide("cluster", cluster.facts);
  return () => cluster.end();
};

/** One full cluster for all tests: the one of KUBECONFIG, the one that is kept, or one of this run. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  if (providedByAnother(project, ["cluster", "rehearsal"])) return async () => {};
  const turnIsOver = await takeTurn();
  const existing = process.env["KUBECONFIG"];
  if (existing === undefined) {
    const end = await ownCluster(project);
    return async () => {
      await end();
      await turnIsOver();
    };
  }
  project.provide("cluster", await existingCluster(existing));
  project.provide("rehearsal", { kind: "none" });
  return turnIsOver;
};

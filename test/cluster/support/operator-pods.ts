import { readdirSync, readFileSync } from "node:fs";
import type { ClusterClient } from "../../../src/kubernetes/cluster-client.ts";
import { eventually } from "./eventually.ts";
import { leases, pods } from "./kinds.ts";
import { isReady, type Pod } from "./scene.ts";
import { stage } from "./stage-facts.ts";

type LeaseObject = { readonly spec?: { readonly holderIdentity?: string } };
type OperatorPod = Pod & { readonly metadata: { readonly uid: string } };

/** One operator pod, and the process of this machine that it is. */
export type OperatorProcess = { readonly pod: string; readonly pid: number };

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // ended in the meantime
  }
};

/** The node's control groups name a process's pod; the pause process of the pod is not the operator. */
const processOf = (uid: string): number | undefined =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find(
      (pid) =>
        read(`/proc/${pid}/cmdline`).includes("millrace.mjs") && read(`/proc/${pid}/cgroup`).includes(uid),
    );

const operatorNamespace = (): string => {
  const { operatorNamespace: namespace } = stage();
  if (namespace === undefined) throw new Error("the operator is not in the cluster");
  return namespace;
};

const operatorPods = async (client: ClusterClient): Promise<readonly OperatorPod[]> => {
  const list = await client.list<{ readonly items: readonly OperatorPod[] }>({
    resource: pods,
    namespace: operatorNamespace(),
  });
  return list.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
};

/** Where the operator's pods serve their metrics. */
export const operatorAddresses = async (client: ClusterClient): Promise<readonly string[]> =>
  (await operatorPods(client)).flatMap(({ status }) => status?.podIP ?? []);

/** Who holds the lease, as it says itself. */
const leaseHolder = async (client: ClusterClient): Promise<string> => {
  const list = await client.list<{ readonly items: readonly LeaseObject[] }>({
    resource: leases,
    namespace: operatorNamespace(),
  });
  return list.items[0]?.spec?.holderIdentity ?? "";
};

/** The operator's processes, the leader first; waits until both pods are Ready and one of them leads. */
export const operatorProcesses = async (client: ClusterClient): Promise<readonly OperatorProcess[]> => {
  const isWhole = (all: readonly OperatorPod[]): boolean => all.length === 2 && all.every(isReady);
  const both = await eventually("two operator pods", () => operatorPods(client), isWhole, {
    withinMs: 90_000,
  });
  const leads = (holder: string): boolean => both.some(({ metadata }) => holder.startsWith(metadata.name));
  const holder = await eventually("a leader", () => leaseHolder(client), leads, { withinMs: 30_000 });
  return both
    .map(({ metadata }) => {
      const pid = processOf(metadata.uid);
      if (pid === undefined) throw new Error(`no process of ${metadata.name} on this machine`);
      return { pod: metadata.name, pid };
    })
    .toSorted((a, b) => Number(holder.startsWith(b.pod)) - Number(holder.startsWith(a.pod)));
};

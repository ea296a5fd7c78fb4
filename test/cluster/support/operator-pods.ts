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

const operatorPods = async (client: ClusterClient): Promise<readonly OperatorPod[]> => {
  const list = await client.list<{ readonly items: readonly OperatorPod[] }>({
    resource: pods,
    namespace: stage().operatorNamespace,
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
    namespace: stage().operatorNamespace,
  });
  return list.items[0]?.spec?.holderIdentity ?? "";
};

/** Each Ready pod's process; one that has just died is still Ready for a moment, and has none. */
const runningOperators = async (client: ClusterClient): Promise<readonly OperatorProcess[]> =>
  (await operatorPods(client)).filter(isReady).flatMap(({ metadata }) => {
    const pid = processOf(metadata.uid);
    return pid === undefined ? [] : [{ pod: metadata.name, pid }];
  });

/** The operator's processes, the leader first; waits until both run and one of them leads. */
export const operatorProcesses = async (client: ClusterClient): Promise<readonly OperatorProcess[]> => {
  const both = await eventually(
    "two operators",
    () => runningOperators(client),
    (all) => all.length === 2,
    {
      withinMs: 90_000,
    },
  );
  const leads = (holder: string): boolean => both.some(({ pod }) => holder.startsWith(pod));
  const holder = await eventually("a leader", () => leaseHolder(client), leads, { withinMs: 30_000 });
  return both.toSorted((a, b) => Number(holder.startsWith(b.pod)) - Number(holder.startsWith(a.pod)));
};

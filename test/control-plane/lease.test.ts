import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { silentLogger } from "../../kit/src/logger.ts";
import type { ClusterClient } from "../../src/kubernetes/cluster-client.ts";
import { clusterLeaseRecords } from "../../src/kubernetes/cluster-lease-records.ts";
import { KubernetesLease } from "../../src/kubernetes/kubernetes-lease.ts";
import { leaseRecordsConformance } from "../conformance/lease-records-conformance.ts";
import { clientOf, core, freshNamespace } from "./fleet-harness.ts";

let client: ClusterClient;
let namespace: string;
let names = 0;
const lease = { group: "coordination.k8s.io", version: "v1", plural: "leases" };

beforeAll(async () => {
  client = await clientOf();
  namespace = await freshNamespace(client);
});
afterAll(async () => {
  await client.delete({ resource: core("namespaces"), name: namespace });
  client.close();
});

leaseRecordsConformance("Lease objects of a cluster", async () => {
  names += 1;
  const at = { namespace, name: `lease-${names}` };
  return [clusterLeaseRecords(client, at), clusterLeaseRecords(client, at)];
});

const contender = (name: string, identity: string): KubernetesLease => {
  const made = new KubernetesLease({
    records: clusterLeaseRecords(client, { namespace, name }),
    identity,
    logger: silentLogger,
    monotonicMs: () => performance.now(),
    nowMs: () => Date.now(),
  });
  onTestFinished(() => made.stop());
  return made;
};

test("of three that start at once one leads; given back, another leads before it would have run out, and the record tells it", async () => {
  const contenders = ["a", "b", "c"].map((identity) => contender("shared", identity));
  await Promise.all(contenders.map((one) => one.start()));
  const leaders = () => contenders.filter(({ isHeld }) => isHeld);
  const [first] = leaders();
  expect(leaders()).toHaveLength(1);
  await first?.stop();
  await expect.poll(() => leaders().length, { timeout: 10_000, interval: 20 }).toBe(1);
  expect(leaders()[0]).not.toBe(first);
  const { spec } = await client.get<{ spec: Record<string, unknown> }>({
    resource: lease,
    namespace,
    name: "shared",
  });
  expect(spec).toMatchObject({ leaseDurationSeconds: 15, leaseTransitions: 1 });
  expect(leaders()[0]?.holder).toBe(spec["holderIdentity"]);
});

test("labels that a person put on the Lease stay over renewals", async () => {
  const only = contender("labelled", "a");
  await only.start();
  const path = { resource: lease, namespace, name: "labelled" };
  await client.mergePatch(path, { metadata: { labels: { team: "shop" } } });
  const renewed = async () =>
    (await client.get<{ metadata: { resourceVersion: string } }>(path)).metadata.resourceVersion;
  const before = await renewed();
  await expect.poll(renewed, { timeout: 10_000, interval: 100 }).not.toBe(before);
  expect(await client.get(path)).toMatchObject({ metadata: { labels: { team: "shop" } } });
  expect(only.isHeld).toBe(true);
});

test("where the namespace is missing the problem is told and nobody leads", async () => {
  const problems: unknown[] = [];
  const nowhere = new KubernetesLease({
    records: clusterLeaseRecords(client, { namespace: "nowhere", name: "lease" }),
    identity: "a",
    logger: { ...silentLogger, warn: (fields) => problems.push(fields) },
    monotonicMs: () => performance.now(),
    nowMs: () => Date.now(),
  });
  await nowhere.start();
  expect(nowhere.isHeld).toBe(false);
  expect(problems).toEqual([{ problem: expect.stringContaining('namespaces "nowhere" not found') }]);
  await nowhere.stop();
});

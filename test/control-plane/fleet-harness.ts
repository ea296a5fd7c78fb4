import { randomUUID } from "node:crypto";
import { expect, inject, vi } from "vitest";
import { clusterAccess } from "../../src/kubernetes/cluster-access.ts";
import { type ClusterClient, createClusterClient } from "../../src/kubernetes/cluster-client.ts";
import type { KubernetesFleetOptions } from "../../src/kubernetes/fleet-options.ts";
import { createKubernetesFleet } from "../../src/kubernetes/kubernetes-fleet.ts";
import type { FleetObservation, TargetRef } from "../../src/operator/ports.ts";
import { createFakeKubelet } from "../support/fake-kubelet.ts";

export type Observed = Extract<FleetObservation, { kind: "observed" }>;

export const deployments = { group: "apps", version: "v1", plural: "deployments" };

export const clientOf = async (
  kubeconfig: string = inject("controlPlane").kubeconfig,
): Promise<ClusterClient> => createClusterClient(await clusterAccess({ kubeconfig, env: {} }));

/** A namespace of its own, with the account that pods need. */
export const freshNamespace = async (client: ClusterClient): Promise<string> => {
  const name = `t-${randomUUID().slice(0, 8)}`;
  await client.create({ resource: core("namespaces") }, { metadata: { name } });
  await vi.waitFor(
    () => client.get({ resource: core("serviceaccounts"), namespace: name, name: "default" }),
    { timeout: 20_000, interval: 50 },
  );
  return name;
};

export const core = (plural: string) => ({ group: "", version: "v1", plural });

export const podTemplate = (labels: object, grace = 30) => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: grace, containers: [{ name: "worker", image: "none" }] },
});

/** A namespace with a fleet, a kubelet that is played, and the Deployment `worker` without replicas. */
export const setUpFleet = async ({
  kubeconfig,
  ...options
}: Partial<KubernetesFleetOptions> & {
  /** Another cluster than the shared one. */
  readonly kubeconfig?: string;
} = {}) => {
  const client = await clientOf(kubeconfig);
  const namespace = await freshNamespace(client);
  const kubelet = createFakeKubelet(client, namespace);
  await kubelet.start();
  const fleet = createKubernetesFleet({ client, ...options });
  await fleet.start();
  const labels = { app: "worker" };
  const replicas = 0;
  await client.create(
    { resource: deployments, namespace },
    {
      metadata: { name: "worker" },
      spec: { replicas, selector: { matchLabels: labels }, template: podTemplate(labels) },
    },
  );
  const target: TargetRef = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "worker" };
  const signal = () => AbortSignal.timeout(10_000);
  const observe = async (of = target): Promise<Observed> => {
    const observation = await fleet.observe(of, signal());
    if (observation.kind === "unknown") throw new Error(observation.because);
    return observation;
  };
  const until = async (isSo: (seen: Observed) => boolean, of = target): Promise<Observed> => {
    let last: Observed | undefined;
    await expect
      .poll(
        async () => {
          last = await observe(of);
          return isSo(last) ? true : last;
        },
        // After an outage the controller manager waits up to 30 s before it looks again.
        { timeout: 90_000, interval: 25 },
      )
      .toBe(true);
    return last ?? observe(of);
  };
  return {
    client,
    namespace,
    kubelet,
    fleet,
    target,
    observe,
    until,
    scale: (from: number, to: number, victims?: readonly string[]) =>
      fleet.scaleTo(
        target,
        { from, to, explanation: "a test asks for it", ...(victims === undefined ? {} : { victims }) },
        signal(),
      ),
    close: async () => {
      await fleet.stop();
      await kubelet.stop();
      await client.delete({ resource: core("namespaces"), name: namespace });
      client.close();
    },
  };
};

export type FleetWorld = Awaited<ReturnType<typeof setUpFleet>>;

import { expect, vi } from "vitest";
import { core } from "../fleet-harness.ts";
import type { OperatorWorld } from "../operator/operator-world.ts";
import type { RbacStage } from "./rbac-stage.ts";
import { pausedReplicas } from "./role-world.ts";
import { silentConsumers } from "./silent-consumers.ts";

/**
 * Jobs make the operator scale the Deployment `worker` to four by the autoscaler `images`; then three of its replicas are
 * idle and one keeps its job. Resolves when the operator can tell: only the busy one is kept from node consolidation.
 *
 * `network`: the pods' addresses, `127.78.1` for example.
 */
export const oneBusyOfFour = async (
  stage: RbacStage,
  world: OperatorWorld,
  { network }: { readonly network: string },
): Promise<void> => {
  await world.publish("jobs", 60);
  const areReady = async () => expect((await world.status("images")).replicas?.ready).toBe(4);
  await vi.waitFor(areReady, { timeout: 40_000, interval: 100 });
  await world.annotate("images", { [pausedReplicas]: "4" });
  const consumers = await silentConsumers(world.kubelet, {
    deployment: "worker",
    amqpUrl: stage.broker.amqpUrl(),
    queue: world.queue("jobs"),
    network,
  });
  stage.onStop(() => consumers.close());
  await world.purge("jobs");
  consumers.endAllButFirst();
  const isProtected = async () => expect(await protectedPods(world)).toHaveLength(1);
  await vi.waitFor(isProtected, { timeout: 60_000, interval: 200 });
};

const protectedPods = async ({ client, namespace }: OperatorWorld): Promise<readonly object[]> => {
  const { items } = await client.list<{ items: readonly { metadata: { annotations?: object } }[] }>({
    resource: core("pods"),
    namespace,
  });
  return items.filter(({ metadata: { annotations = {} } }) => "karpenter.sh/do-not-disrupt" in annotations);
};

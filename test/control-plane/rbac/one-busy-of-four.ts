import { expect, vi } from "vitest";
import { core } from "../fleet-harness.ts";
import { type OperatorWorld, plenty } from "../operator/operator-world.ts";
import type { RbacStage } from "./rbac-stage.ts";
import { pausedReplicas } from "./role-world.ts";
import { silentConsumers } from "./silent-consumers.ts";

/**
 * Jobs make the operator scale the Deployment `worker` to four by the autoscaler `images`, and each replica takes one; then
 * three of them end theirs. Resolves when the operator can tell: only the busy one is still kept from node consolidation.
 *
 * `network`: the pods' addresses, `127.78.1` for example.
 */
export const oneBusyOfFour = async (
  stage: RbacStage,
  world: OperatorWorld,
  { network }: { readonly network: string },
): Promise<void> => {
  await world.publish("jobs", plenty);
  const areReady = async () => expect((await world.status("images")).replicas?.ready).toBe(4);
  await vi.waitFor(areReady, { timeout: 60_000, interval: 100 });
  await world.annotate("images", { [pausedReplicas]: "4" });
  const consumers = await silentConsumers(world.kubelet, {
    deployment: "worker",
    amqpUrl: stage.broker.amqpUrl(),
    queue: world.queue("jobs"),
    network,
  });
  stage.onStop(() => consumers.close());
  // One is also what an observer sees while the operator goes from none to four.
  await untilProtected(world, 4);
  await world.purge("jobs");
  consumers.endAllButFirst();
  await untilProtected(world, 1);
};

const untilProtected = (world: OperatorWorld, count: number): Promise<unknown> =>
  vi.waitFor(async () => expect(await protectedPods(world)).toHaveLength(count), {
    timeout: 90_000,
    interval: 200,
  });

const protectedPods = async ({ client, namespace }: OperatorWorld): Promise<readonly object[]> => {
  const { items } = await client.list<{ items: readonly { metadata: { annotations?: object } }[] }>({
    resource: core("pods"),
    namespace,
  });
  return items.filter(({ metadata: { annotations = {} } }) => "karpenter.sh/do-not-disrupt" in annotations);
};

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { eventually, operatorWorld, startBroker } from "./operator-world.ts";

let broker: Rabbitmq;
let stopBroker: () => Promise<void>;
beforeAll(async () => {
  ({ broker, stop: stopBroker } = await startBroker());
});
afterAll(() => stopBroker());

const autoscalers = { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" };

test("a target that an HPA scales is left alone, by name; in DryRun the two stand side by side", async () => {
  const world = await operatorWorld(broker);
  const { client, namespace } = world;
  await client.create(
    { resource: autoscalers, namespace },
    {
      metadata: { name: "by-cpu" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "worker" },
        minReplicas: 1,
        maxReplicas: 3,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
          },
        ],
      },
    },
  );
  await world.autoscale("images");
  const operator = world.operator();
  await world.publish("jobs", 100);
  await eventually(() => world.condition("images", "TargetConflict")).toBe("True OwnedByOther");
  const conflict = (await world.status("images")).conditions?.find(({ type }) => type === "TargetConflict");
  expect(conflict?.message).toContain("HorizontalPodAutoscaler by-cpu");
  await eventually(async () => (await world.events()).map(({ reason }) => reason)).toContain("OwnedByOther");
  await world.edit("images", { spec: { mode: "DryRun" } });
  await eventually(() => world.condition("images", "TargetConflict")).toBe("False BesideOther");
  await eventually(async () => (await world.status("images")).lastDecision?.outcome).toBe("dry-run");
  expect(operator.changes).toEqual([]);
  expect((await world.events()).filter(({ action }) => action === "Scale")).toEqual([]);
});

test("of two autoscalers on one target one acts; two on one queue say so", async () => {
  const world = await operatorWorld(broker);
  await world.autoscale("first");
  await world.autoscale("second");
  world.operator();
  await eventually(() => world.condition("first", "QueueShared")).toBe("True Shared");
  await eventually(() => world.condition("second", "QueueShared")).toBe("True Shared");
  await eventually(() => world.condition("first", "TargetConflict")).toBe("False NoConflict");
  await eventually(() => world.condition("second", "TargetConflict")).toBe("True OwnedByOther");
});

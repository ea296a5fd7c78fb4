import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chartTools } from "../../chart/chart-tools.ts";
import { eventually, type OperatorWorld } from "../operator/operator-world.ts";
import { oneBusyOfFour } from "./one-busy-of-four.ts";
import { type RbacStage, rbacStage, refusedCount } from "./rbac-stage.ts";
import { pausedReplicas, roleOperator, roleWorld } from "./role-world.ts";
import {
  createHpa,
  createScaledObject,
  createTarget,
  replicasOf,
  scaleTargetRef,
  type TargetKind,
} from "./targets.ts";

const tools = await chartTools();
const helm = "missing" in tools ? "" : tools.helm4;
const otherKinds: readonly TargetKind[] = ["StatefulSet", "ReplicaSet", "Rollout"];
const owners = { hpa: createHpa, "scaled-object": createScaledObject };

describe.skipIf("missing" in tools)("the operator with the chart's role and no other right", () => {
  let stage: RbacStage;
  beforeAll(async () => {
    stage = await rbacStage();
  });
  afterAll(() => stage.stop());

  /** Targets of every kind whose count is first refused by a policy; and two that others scale. */
  const prepare = async (world: OperatorWorld): Promise<void> => {
    const { client, namespace } = world;
    await world.declare("jobs");
    await world.deploy("worker");
    await world.autoscale("images", { replicas: { min: 1, max: 4 } });
    await world.declare("others");
    const queues = [{ name: world.queue("others") }];
    for (const kind of otherKinds) {
      const name = kind.toLowerCase();
      await createTarget(client, namespace, { kind, name });
      const spec = { queues, scaleTargetRef: scaleTargetRef(kind, name) };
      await world.autoscale(name, spec, { [pausedReplicas]: String(refusedCount) });
    }
    for (const [name, own] of Object.entries(owners)) {
      await world.deploy(name);
      await own(client, namespace, name);
      await world.autoscale(name, { queues, scaleTargetRef: scaleTargetRef("Deployment", name) });
    }
  };

  const failed = (world: OperatorWorld, name: string) =>
    eventually(async () => (await world.status(name)).lastDecision?.outcome, 60_000).toBe("failed");

  const scaleIn = async (world: OperatorWorld, network: string): Promise<void> => {
    await oneBusyOfFour(stage, world, { network });
    await world.annotate("images", { [pausedReplicas]: String(refusedCount) });
    await failed(world, "images");
    await world.annotate("images", { [pausedReplicas]: "1" });
    await eventually(() => world.replicas()).toBe(1);
  };

  const scaleByHand = async (world: OperatorWorld, kind: TargetKind): Promise<void> => {
    const name = kind.toLowerCase();
    await failed(world, name);
    await world.annotate(name, { [pausedReplicas]: "2" });
    await eventually(() => replicasOf(world.client, world.namespace, { kind, name })).toBe(2);
  };

  test.each([
    { scope: "cluster", network: "127.78.1" },
    { scope: "namespace", network: "127.78.2" },
  ])(
    "scope $scope: nothing that it does is refused, and nothing that it may do is left undone",
    { timeout: 300_000 },
    async ({ scope, network }) => {
      const world = await roleWorld(stage);
      const namespaces = scope === "namespace" ? { namespaces: [world.namespace] } : {};
      const { role, start } = await roleOperator(stage, { helm, ...namespaces });
      await prepare(world);
      const operator = start();
      await Promise.all([
        scaleIn(world, network),
        ...otherKinds.map((kind) => scaleByHand(world, kind)),
        ...Object.keys(owners).map((name) =>
          eventually(() => world.condition(name, "TargetConflict")).toBe("True OwnedByOther"),
        ),
      ]);
      const metrics = async () => (await (await fetch(`${await operator.url()}/metrics`)).text()).split("\n");
      const victims = async () =>
        (await metrics()).filter((line) => line.startsWith("millrace_scale_in_victims_total{"));
      await eventually(victims).toContain('millrace_scale_in_victims_total{result="hit"} 3');
      await eventually(async () => (await world.events()).map(({ action }) => action)).toContain("Scale");
      expect(await operator.end("SIGTERM")).toBe(0);
      const { used, refused } = await stage.audit.requestsOf(role.username);
      expect(refused).toEqual([]);
      expect([...role.granted].toSorted()).toEqual([...used].toSorted());
    },
  );
});

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Rabbitmq } from "../../../embedded/rabbitmq.ts";
import type { OperatorProcess } from "../../integration/operator/operator-process.ts";
import { installDefinition } from "../../support/install-definition.ts";
import {
  eventually,
  type OperatorWorld,
  operatorWorld,
  startBroker,
  workerAutoscalers,
} from "./operator-world.ts";

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

const scaledObjects = { group: "keda.sh", version: "v1alpha1", plural: "scaledobjects" };
const page = readFileSync(new URL("../../../docs/migrate-from-keda.md", import.meta.url), "utf8");

/** `paused=true` sets an annotation, `paused-` takes it away. */
const change = (text: string): Readonly<Record<string, string | null>> => {
  const [, key = "", value] = /^([^=]+?)(?:=(.*)|-)$/.exec(text) ?? [];
  return { [key]: value ?? null };
};

/** What the page says to annotate, in its order. */
const handOver = {
  commands: [...page.matchAll(/^ *kubectl annotate (scaledobject|wa) orders -n shop (\S+)$/gm)].map(
    ([, kind, text = ""]) => ({ kind, annotations: change(text) }),
  ),
  forwardAgain: [...page.matchAll(/Forward again: `(\S+)` there, `(\S+)` here/g)].flatMap(
    ([, there = "", here = ""]) => [
      { kind: "scaledobject", annotations: change(there) },
      { kind: "wa", annotations: change(here) },
    ],
  ),
};

/** KEDA, played: its ScaledObject `orders`, and the HPA that it makes for it and takes away while it is paused. */
const keda = async ({ client, namespace }: OperatorWorld) => {
  await installDefinition(client, new URL("../fixtures/keda/scaledobjects.keda.sh.yaml", import.meta.url));
  const { metadata } = await client.create<{ metadata: { uid: string } }>(
    { resource: scaledObjects, namespace },
    {
      apiVersion: "keda.sh/v1alpha1",
      kind: "ScaledObject",
      metadata: { name: "orders" },
      spec: { scaleTargetRef: { name: "worker" }, triggers: [] },
    },
  );
  const owner = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", name: "orders", controller: true };
  const name = "keda-hpa-orders";
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "worker" };
  const makeHpa = () =>
    client.create(
      { resource: autoscalers, namespace },
      {
        metadata: { name, ownerReferences: [{ ...owner, uid: metadata.uid }] },
        spec: { scaleTargetRef, maxReplicas: 3 },
      },
    );
  await makeHpa();
  return { makeHpa, removeHpa: () => client.delete({ resource: autoscalers, namespace, name }) };
};

/** Resolves when the operator has looked twice from now on: what the first look led to is done by then. */
const untilLookedTwice = async (operator: OperatorProcess): Promise<void> => {
  const url = `${await operator.url()}/v1/autoscalers/orders`;
  const lookedAt = async () => ((await (await fetch(url)).json()) as { lookedAt?: string }).lookedAt;
  for (let look = 0; look < 2; look += 1) await eventually(lookedAt).not.toBe(await lookedAt());
};

test("KEDA hands over to an Active autoscaler, and back, by the annotations of the page in their order", async () => {
  const world = await operatorWorld(broker);
  const { makeHpa, removeHpa } = await keda(world);
  const annotate = ({ kind, annotations }: { kind: string | undefined; annotations: object }) =>
    world.client.mergePatch(
      {
        resource: kind === "wa" ? workerAutoscalers : scaledObjects,
        namespace: world.namespace,
        name: "orders",
      },
      { metadata: { annotations } },
    );
  const [pauseKeda, pauseHere, resumeKeda, ...more] = handOver.commands;
  if (pauseKeda === undefined || pauseHere === undefined || resumeKeda === undefined)
    throw new Error("the page has no hand-over");
  expect(more).toEqual([]);

  // Of long jobs 100 are enough for ten replicas, however slowly those start.
  await world.autoscale("orders", { expectedServiceSeconds: 10 });
  const operator = world.operator();
  await world.publish("jobs", 100);
  const conflict = async () =>
    (await world.status("orders")).conditions?.find(({ type }) => type === "TargetConflict")?.message;
  await eventually(conflict).toContain("ScaledObject orders scales Deployment worker");
  await eventually(async () => (await world.status("orders")).replicas?.recommended).toBeGreaterThan(0);
  await untilLookedTwice(operator);
  expect(operator.changes).toEqual([]);

  await annotate(pauseKeda);
  await eventually(conflict).toContain("KEDA has not yet removed");
  expect(operator.changes).toEqual([]);
  await removeHpa();
  await eventually(() => world.replicas()).toBe(10);
  await eventually(() => world.condition("orders", "TargetConflict")).toBe("False NoConflict");

  await annotate(pauseHere);
  await eventually(() => world.condition("orders", "Paused")).toBe("True Annotation");
  await world.edit("orders", { spec: { replicas: { max: 4 } } });
  await eventually(async () => (await world.status("orders")).observedGeneration).toBe(2);
  await untilLookedTwice(operator);
  expect(await world.replicas()).toBe(10);
  const changesBefore = operator.changes.length;

  await annotate(resumeKeda);
  await makeHpa();
  await eventually(() => world.condition("orders", "TargetConflict")).toBe("True OwnedByOther");
  await world.scaleByHand(3);
  await untilLookedTwice(operator);
  expect(await world.replicas()).toBe(3);
  expect(operator.changes.length).toBe(changesBefore);

  for (const step of handOver.forwardAgain) await annotate(step);
  await removeHpa();
  await eventually(() => world.replicas()).toBe(4);
  await eventually(async () => operator.changes.slice(changesBefore)).toEqual([{ from: 3, to: 4 }]);
});

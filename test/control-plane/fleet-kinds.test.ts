import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import type { TargetRef } from "../../src/operator/ports.ts";
import { installDefinition } from "../support/install-definition.ts";
import { type CustomKind, installKind, removeKind, resourceOf } from "./custom-kinds.ts";
import { core, type FleetWorld, podTemplate, setUpFleet } from "./fleet-harness.ts";

const open: FleetWorld[] = [];
const setUp = async (options?: Parameters<typeof setUpFleet>[0]): Promise<FleetWorld> => {
  const one = await setUpFleet(options);
  open.push(one);
  return one;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const signal = () => AbortSignal.timeout(10_000);
const change = (from: number, to: number) => ({ from, to, explanation: "a test asks for it" });
const apps = (plural: string) => ({ group: "apps", version: "v1", plural });

describe("a StatefulSet", () => {
  const create = async (one: FleetWorld, spec: object = {}): Promise<TargetRef> => {
    const labels = { app: "ordered" };
    await one.client.create(
      { resource: apps("statefulsets"), namespace: one.namespace },
      {
        metadata: { name: "ordered" },
        spec: {
          replicas: 0,
          serviceName: "ordered",
          selector: { matchLabels: labels },
          template: podTemplate(labels, 7),
          ...spec,
        },
      },
    );
    return { apiVersion: "apps/v1", kind: "StatefulSet", namespace: one.namespace, name: "ordered" };
  };

  test("is scaled, chooses its victims by itself, and makes its pods one after another", async () => {
    const one = await setUp();
    const target = await create(one);
    one.kubelet.startPods = false;
    expect(await one.fleet.scaleTo(target, change(0, 3), signal())).toEqual({ kind: "scaled" });
    // The second is not made before the first is ready, so it is on its way, and not refused, for as long as that takes.
    const first = await one.until(() => one.kubelet.pods.length === 1, target);
    expect(first.fleet).toMatchObject({ desired: 3, ready: 0, uncreated: 0, graceSeconds: 7 });
    expect(first.fleet.starting).toHaveLength(3);
    one.kubelet.startPods = true;
    await one.kubelet.bind("ordered-0");
    await one.kubelet.ready("ordered-0");
    const ready = await one.until(({ fleet }) => fleet.ready === 3, target);
    expect(ready.victims).toBeUndefined();
    expect(ready.fleet.rollout).toBe(false);
    expect(await one.fleet.scaleTo(target, { ...change(3, 2), victims: ["ordered-0"] }, signal())).toEqual({
      kind: "scaled",
    });
    await one.until(() => one.kubelet.pods.length === 2, target);
    expect(one.kubelet.pods).toEqual(["ordered-0", "ordered-1"]);
  });

  test("shows the update of its pods as a rollout", async () => {
    const one = await setUp();
    const target = await create(one, { podManagementPolicy: "Parallel" });
    await one.fleet.scaleTo(target, change(0, 2), signal());
    await one.until(({ fleet }) => fleet.ready === 2 && !fleet.rollout, target);
    one.kubelet.startPods = false;
    await one.client.mergePatch(
      { resource: apps("statefulsets"), namespace: one.namespace, name: "ordered" },
      { spec: { template: { metadata: { annotations: { version: "2" } } } } },
    );
    await one.until(({ fleet }) => fleet.rollout, target);
    one.kubelet.startPods = true;
    for (const pod of one.kubelet.pods) {
      await one.kubelet.bind(pod).catch(() => {});
      await one.kubelet.ready(pod).catch(() => {});
    }
    await one.until(({ fleet }) => !fleet.rollout && fleet.ready === 2, target);
  });

  const ordered = (one: FleetWorld) => ({
    resource: apps("statefulsets"),
    namespace: one.namespace,
    name: "ordered",
  });
  /** Changes the template, and waits until the controller has seen it. Resolves when old and new revision differ. */
  const changeTemplate = async (one: FleetWorld): Promise<void> => {
    await one.client.mergePatch(ordered(one), {
      spec: { template: { metadata: { annotations: { version: "2" } } } },
    });
    await expect.poll(() => revisionsDiffer(one)).toBe(true);
  };
  const revisionsDiffer = async (one: FleetWorld): Promise<boolean> => {
    type Revisions = { readonly currentRevision?: string; readonly updateRevision?: string };
    const { status = {} } = await one.client.get<{ readonly status?: Revisions }>(ordered(one));
    return status.currentRevision !== status.updateRevision;
  };
  /** Sees the object as it is now: by the count that is set last. */
  const scaledTo = async (one: FleetWorld, target: TargetRef, from: number, to: number) => {
    expect(await one.fleet.scaleTo(target, change(from, to), signal())).toEqual({ kind: "scaled" });
    return one.until(({ fleet }) => fleet.desired === to && fleet.ready === to, target);
  };

  test("whose pods are updated when somebody deletes them is not rolling out, though its revisions differ", async () => {
    const one = await setUp();
    const target = await create(one, {
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "OnDelete" },
    });
    await scaledTo(one, target, 0, 2);
    await changeTemplate(one);
    expect((await scaledTo(one, target, 2, 1)).fleet.rollout).toBe(false);
    expect(await revisionsDiffer(one)).toBe(true);
  });

  test("with a partition is rolling out until the pods from the partition on are new", async () => {
    const one = await setUp();
    const rollingUpdate = { partition: 2 };
    const target = await create(one, {
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "RollingUpdate", rollingUpdate },
    });
    await scaledTo(one, target, 0, 4);
    one.kubelet.endPods = false;
    await changeTemplate(one);
    await one.until(({ fleet }) => fleet.rollout && fleet.draining === 1, target);
    one.kubelet.endPods = true;
    await one.client.delete(
      { resource: core("pods"), namespace: one.namespace, name: "ordered-3" },
      { query: { gracePeriodSeconds: 0 } },
    );
    const after = await one.until(({ fleet }) => !fleet.rollout && fleet.ready === 4, target);
    expect(after.fleet).toMatchObject({ desired: 4, uncreated: 0 });
    expect(await revisionsDiffer(one)).toBe(true);
    // The new pod counts a moment before it counts as updated.
    await scaledTo(one, target, 4, 5);
    await one.until(({ fleet }) => !fleet.rollout, target);
    await scaledTo(one, target, 5, 1);
    await one.until(({ fleet }) => !fleet.rollout, target);
  });
});

describe("a kind that the operator has never heard of", () => {
  const install = async (one: FleetWorld, scale?: CustomKind["scale"]): Promise<CustomKind> => {
    const custom: CustomKind = {
      group: `${one.namespace}.example.com`,
      version: "v1",
      kind: "Runner",
      ...(scale === undefined ? {} : { scale }),
    };
    await installKind(one.client, custom);
    onTestFinished(() => removeKind(one.client, custom));
    return custom;
  };
  const targetOf = (one: FleetWorld, { group, version, kind }: CustomKind): TargetRef => ({
    apiVersion: `${group}/${version}`,
    kind,
    namespace: one.namespace,
    name: "runner",
  });
  const create = async (one: FleetWorld, custom: CustomKind): Promise<{ uid: string }> => {
    const { group, version, kind } = custom;
    const { metadata } = await one.client.create<{ metadata: { uid: string } }>(
      { resource: resourceOf(custom), namespace: one.namespace },
      { apiVersion: `${group}/${version}`, kind, metadata: { name: "runner" }, spec: { replicas: 0 } },
    );
    return metadata;
  };
  const setSelector = (one: FleetWorld, custom: CustomKind, selector: string) =>
    one.client.mergePatch(
      { resource: resourceOf(custom), namespace: one.namespace, name: "runner", subresource: "status" },
      { status: { selector, replicas: 0 } },
    );

  test("is scaled by its scale subresource, and its pods are found by its selector", async () => {
    const one = await setUp();
    const custom = await install(one, { labelSelectorPath: ".status.selector" });
    const target = targetOf(one, custom);
    await create(one, custom);
    await setSelector(one, custom, "app in (runner),!canary");
    expect((await one.observe(target)).fleet).toMatchObject({ desired: 0, ready: 0 });
    expect(await one.fleet.scaleTo(target, change(0, 2), signal())).toEqual({ kind: "scaled" });
    expect(await one.fleet.scaleTo(target, change(0, 3), signal())).toEqual({ kind: "conflict", actual: 2 });
    const bare = (name: string, labels: object) =>
      one.client.create(
        { resource: { group: "", version: "v1", plural: "pods" }, namespace: one.namespace },
        { metadata: { name, labels }, spec: podTemplate(labels, 11).spec },
      );
    await bare("not-it", { app: "runner", canary: "yes" });
    await bare("a", { app: "runner" });
    await bare("b", { app: "runner" });
    await one.until(() => one.kubelet.pods.length === 3, target);
    const seen = await one.until(({ fleet }) => fleet.ready >= 2 && fleet.starting.length === 0, target);
    expect(seen.fleet).toMatchObject({ desired: 2, ready: 2, graceSeconds: 11, rollout: false });
    expect(seen.victims).toBeUndefined();
  });

  test("that keeps its pods in one ReplicaSet, as a Rollout does, lets victims be chosen; in two, it is rolling out", async () => {
    const one = await setUp();
    const custom = await install(one, {});
    const target = targetOf(one, custom);
    const { uid } = await create(one, custom);
    const { group, version, kind } = custom;
    const replicaSet = (name: string, replicas: number) => {
      const labels = { app: "runner", revision: name };
      return one.client.create(
        { resource: apps("replicasets"), namespace: one.namespace },
        {
          metadata: {
            name,
            ownerReferences: [
              { apiVersion: `${group}/${version}`, kind, name: "runner", uid, controller: true },
            ],
          },
          spec: { replicas, selector: { matchLabels: labels }, template: podTemplate(labels) },
        },
      );
    };
    await one.fleet.scaleTo(target, change(0, 2), signal());
    await replicaSet("first", 2);
    const stable = await one.until(({ fleet }) => fleet.ready === 2, target);
    expect(stable.victims).toHaveLength(2);
    await replicaSet("second", 1);
    const rolling = await one.until(({ fleet }) => fleet.rollout, target);
    expect(rolling.victims).toBeUndefined();
    expect(rolling.fleet.ready).toBe(2);
  });

  test("that names no selector while it says it has replicas is unknown, with what to add", async () => {
    const one = await setUp();
    const custom = await install(one, {});
    await create(one, custom);
    await one.client.mergePatch(
      { resource: resourceOf(custom), namespace: one.namespace, name: "runner", subresource: "status" },
      { status: { replicas: 2 } },
    );
    const seen = await one.fleet.observe(targetOf(one, custom), signal());
    expect(seen).toEqual({ kind: "unknown", because: expect.stringContaining("labelSelectorPath") });
  });

  test("that has no scale subresource, or does not exist, says so in a sentence", async () => {
    const one = await setUp();
    const custom = await install(one);
    const target = targetOf(one, custom);
    const withoutScale = { kind: "unknown", because: expect.stringContaining("has no scale subresource") };
    expect(await one.fleet.observe(target, signal())).toEqual(withoutScale);
    expect(await one.fleet.scaleTo(target, change(0, 1), signal())).toEqual({
      ...withoutScale,
      kind: "failed",
    });
    const nobody = { ...target, kind: "Nobody" };
    expect(await one.fleet.observe(nobody, signal())).toEqual({
      kind: "unknown",
      because: expect.stringMatching(/knows no Nobody in .*: check scaleTargetRef/),
    });
    const nowhere = { ...one.target, apiVersion: "nowhere.example.com/v1" };
    expect(await one.fleet.observe(nowhere, signal())).toMatchObject({ kind: "unknown" });
    const missing = { ...one.target, name: "nobody" };
    expect(await one.fleet.observe(missing, signal())).toEqual({
      kind: "unknown",
      because: `Deployment ${one.namespace}/nobody does not exist: create it, or correct scaleTargetRef.`,
    });
  });
});

describe("another scaler of the same target", () => {
  const keda = new URL("fixtures/keda/scaledobjects.keda.sh.yaml", import.meta.url);
  const hpas = { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" };
  const scaledObjects = { group: "keda.sh", version: "v1alpha1", plural: "scaledobjects" };
  const createHpa = (one: FleetWorld, name: string, metadata: object = {}) =>
    one.client.create(
      { resource: hpas, namespace: one.namespace },
      {
        metadata: { name, ...metadata },
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "worker" },
          maxReplicas: 3,
        },
      },
    );

  test("an HPA owns it, by kind and name, until it is gone", async () => {
    const one = await setUp();
    expect((await one.observe()).owner).toBeUndefined();
    await createHpa(one, "cpu");
    const seen = await one.until(({ owner }) => owner !== undefined);
    expect(seen.owner).toEqual({
      kind: "HorizontalPodAutoscaler",
      name: "cpu",
      remedy: expect.stringContaining(`kubectl -n ${one.namespace} delete hpa cpu`),
    });
    const ordered = { ...one.target, kind: "StatefulSet" };
    expect(await one.fleet.observe(ordered, signal())).toMatchObject({ kind: "unknown" });
    await one.client.delete({ resource: hpas, namespace: one.namespace, name: "cpu" });
    await one.until(({ owner }) => owner === undefined);
  });

  test("a ScaledObject owns it unless it is paused; the HPA that KEDA leaves behind then does until it is gone", async () => {
    const one = await setUp();
    await installDefinition(one.client, keda);
    const { metadata } = await one.client.create<{ metadata: { uid: string } }>(
      { resource: scaledObjects, namespace: one.namespace },
      {
        apiVersion: "keda.sh/v1alpha1",
        kind: "ScaledObject",
        metadata: { name: "so" },
        spec: { scaleTargetRef: { name: "worker" }, triggers: [] },
      },
    );
    const owner = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", name: "so", controller: true };
    await createHpa(one, "keda-hpa-so", { ownerReferences: [{ ...owner, uid: metadata.uid }] });
    const owned = await one.until(({ owner: by }) => by?.kind === "ScaledObject");
    expect(owned.owner).toEqual({
      kind: "ScaledObject",
      name: "so",
      remedy: expect.stringContaining("annotate scaledobject so autoscaling.keda.sh/paused=true"),
    });
    const annotate = (annotations: object) =>
      one.client.mergePatch(
        { resource: scaledObjects, namespace: one.namespace, name: "so" },
        { metadata: { annotations } },
      );
    await annotate({ "autoscaling.keda.sh/paused": "true" });
    const left = await one.until(({ owner: by }) => by?.kind === "HorizontalPodAutoscaler");
    expect(left.owner?.remedy).toContain("KEDA has not yet removed");
    await one.client.delete({ resource: hpas, namespace: one.namespace, name: "keda-hpa-so" });
    await one.until(({ owner: by }) => by === undefined);
    await annotate({ "autoscaling.keda.sh/paused": "false" });
    await one.until(({ owner: by }) => by?.kind === "ScaledObject");
    await annotate({ "autoscaling.keda.sh/paused": null, "autoscaling.keda.sh/paused-replicas": "4" });
    await one.until(({ owner: by }) => by === undefined);
  });
});

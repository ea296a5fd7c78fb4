import { Registry } from "prom-client";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { createKubernetesFleet } from "../../src/kubernetes/kubernetes-fleet.ts";
import { DELETION_COST, DO_NOT_DISRUPT, OUR_COST, SAFE_TO_EVICT } from "../../src/kubernetes/watched-pod.ts";
import { core, deployments, type FleetWorld, setUpFleet } from "./fleet-harness.ts";

const soon = () => AbortSignal.timeout(10_000);
const open: FleetWorld[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

/** Four ready pods. */
const setUp = async (options: Parameters<typeof setUpFleet>[0] = {}) => {
  const registry = new Registry();
  const one = await setUpFleet({ registry, ...options });
  open.push(one);
  await one.scale(0, 4);
  await one.until(({ fleet }) => fleet.ready === 4);
  const pod = (name: string) => ({ resource: core("pods"), namespace: one.namespace, name });
  const annotationsOf = async (name: string): Promise<Readonly<Record<string, string>>> => {
    type Pod = { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
    return (await one.client.get<Pod>(pod(name))).metadata.annotations ?? {};
  };
  return {
    ...one,
    annotationsOf,
    annotate: (name: string, annotations: object) =>
      one.client.mergePatch(pod(name), { metadata: { annotations } }),
    victims: async (): Promise<Readonly<Record<string, number>>> => {
      const metric = await registry.getSingleMetric("millrace_scale_in_victims_total")?.get();
      return Object.fromEntries(
        (metric?.values ?? []).flatMap(({ labels, value }) =>
          value === 0 ? [] : [[String(labels["result"]), value]],
        ),
      );
    },
  };
};

describe("a scale-in with chosen victims", () => {
  test("removes them and no others, says so in the metric, and leaves no mark on those that stay", async () => {
    const one = await setUp();
    const [a = "", b = "", c = "", d = ""] = one.kubelet.pods;
    expect(await one.scale(4, 2, [c, b])).toEqual({ kind: "scaled" });
    await one.until(() => one.kubelet.pods.length === 2);
    expect(one.kubelet.pods.toSorted()).toEqual([a, d].toSorted());
    await expect.poll(() => one.victims()).toEqual({ hit: 2 });
    expect(await one.annotationsOf(a)).toEqual({});
    expect(await one.annotationsOf(d)).toEqual({});
  });

  test("chooses no more than are removed", async () => {
    const one = await setUp();
    const [a = "", b = "", c = "", d = ""] = one.kubelet.pods;
    await one.scale(4, 3, [b, c, d]);
    await one.until(() => one.kubelet.pods.length === 3);
    expect(one.kubelet.pods.toSorted()).toEqual([a, c, d].toSorted());
    expect(await one.annotationsOf(c)).toEqual({});
  });

  test("leaves a deletion cost of somebody else alone, removes that many fewer, and says so", async () => {
    const one = await setUp();
    const [a = "", b = "", c = "", d = ""] = one.kubelet.pods;
    await one.annotate(b, { [DELETION_COST]: "500" });
    expect(await one.scale(4, 2, [b, c])).toEqual({ kind: "scaled", to: 3 });
    const seen = await one.until(() => one.kubelet.pods.length === 3);
    expect(one.kubelet.pods.toSorted()).toEqual([a, b, d].toSorted());
    expect(await one.annotationsOf(b)).toEqual({ [DELETION_COST]: "500" });
    expect(seen.notice).toContain(`Pod ${b} carries a ${DELETION_COST} that something else wrote`);
    await expect.poll(() => one.victims()).toEqual({ hit: 1, foreign: 1 });
    await one.annotate(b, { [DELETION_COST]: null });
    await expect.poll(() => one.scale(3, 2, [b]), { interval: 50 }).toEqual({ kind: "scaled" });
    expect((await one.until(({ fleet }) => fleet.ready === 2)).notice).toBeUndefined();
  });

  test("sees a cost that was written after it last looked", async () => {
    const one = await setUp();
    const [a = "", b = ""] = one.kubelet.pods;
    await Promise.all([one.annotate(a, { [DELETION_COST]: "7" }), one.annotate(b, { [DELETION_COST]: "8" })]);
    expect(await one.scale(4, 2, [a, b])).toEqual({
      kind: "failed",
      because: expect.stringContaining("Nothing was removed"),
    });
    expect((await one.observe()).fleet.desired).toBe(4);
    expect(await one.annotationsOf(a)).toEqual({ [DELETION_COST]: "7" });
  });

  test("takes back its marks when the count was no longer the one it decided from", async () => {
    const one = await setUp();
    const [a = ""] = one.kubelet.pods;
    expect(await one.scale(5, 4, [a])).toEqual({ kind: "conflict", actual: 4 });
    await expect.poll(() => one.annotationsOf(a)).toEqual({});
    expect(await one.victims()).toEqual({});
  });

  test("takes back marks that an operator before it left, so that they cannot choose", async () => {
    const one = await setUp();
    const [a = "", b = "", c = "", d = ""] = one.kubelet.pods;
    const left = "-2147483648";
    await one.annotate(a, { [DELETION_COST]: left, [OUR_COST]: left });
    const next = createKubernetesFleet({ client: one.client });
    onTestFinished(() => next.stop());
    const change = { from: 4, to: 3, victims: [d], explanation: "a test asks for it" };
    expect(await next.scaleTo(one.target, change, soon())).toEqual({ kind: "scaled" });
    await one.until(() => one.kubelet.pods.length === 3);
    expect(one.kubelet.pods.toSorted()).toEqual([a, b, c].toSorted());
    expect(await one.annotationsOf(a)).toEqual({});
  });

  test("counts a pod that was not ready, and one that another hand removed, for what they are", async () => {
    const one = await setUp();
    const [a = "", b = "", c = ""] = one.kubelet.pods;
    await one.kubelet.unready(a);
    await one.until(({ fleet }) => fleet.ready === 3);
    // The ReplicaSet takes what is not ready first, whatever the cost.
    await one.scale(4, 2, [b, c]);
    await one.until(() => one.kubelet.pods.length === 2);
    expect(one.kubelet.pods).not.toContain(a);
    await expect.poll(() => one.victims()).toEqual({ hit: 1, unready: 1 });
    await expect
      .poll(async () => Promise.all(one.kubelet.pods.map((name) => one.annotationsOf(name))))
      .toEqual([{}, {}]);
  });

  test("removes nobody in the place of a chosen one that is gone by itself", async () => {
    const one = await setUp();
    const [a = ""] = one.kubelet.pods;
    expect(await one.scale(4, 2, [a, "nobody"])).toEqual({ kind: "scaled", to: 3 });
    await one.until(() => one.kubelet.pods.length === 3);
    expect(one.kubelet.pods).not.toContain(a);
    expect(await one.scale(3, 2, ["nobody"])).toEqual({
      kind: "failed",
      because: expect.stringContaining("They are gone by themselves"),
    });
  });

  test("needs no victims to go to zero", async () => {
    const one = await setUp();
    expect(await one.scale(4, 0, [...one.kubelet.pods])).toEqual({ kind: "scaled" });
    await one.until(({ fleet }) => fleet.ready === 0 && fleet.draining === 0);
    expect(await one.victims()).toEqual({});
  });
});

describe("busy pods", () => {
  test("carry what keeps node consolidation away, and lose it when they are idle again", async () => {
    const one = await setUp({ protectBusyPods: true });
    const [a = "", b = ""] = one.kubelet.pods;
    await one.fleet.protect?.(one.target, [a], soon());
    expect(await one.annotationsOf(a)).toMatchObject({ [DO_NOT_DISRUPT]: "true", [SAFE_TO_EVICT]: "false" });
    expect(await one.annotationsOf(b)).toEqual({});
    await expect
      .poll(async () => {
        await one.fleet.protect?.(one.target, [b], soon());
        return one.annotationsOf(a);
      })
      .toEqual({});
    expect(await one.annotationsOf(b)).toMatchObject({ [DO_NOT_DISRUPT]: "true" });
  });

  test("are written to on a change only, and what somebody else set stays", async () => {
    const one = await setUp({ protectBusyPods: true });
    const [a = ""] = one.kubelet.pods;
    await one.annotate(a, { [SAFE_TO_EVICT]: "false" });
    await one.fleet.protect?.(one.target, [a], soon());
    const versionOf = async () =>
      (
        await one.client.get<{ metadata: { resourceVersion: string } }>({
          resource: core("pods"),
          namespace: one.namespace,
          name: a,
        })
      ).metadata.resourceVersion;
    const written = await versionOf();
    await one.fleet.protect?.(one.target, [a], soon());
    await one.fleet.protect?.(one.target, [a], soon());
    expect(await versionOf()).toBe(written);
    await expect
      .poll(async () => {
        await one.fleet.protect?.(one.target, [], soon());
        return one.annotationsOf(a);
      })
      .toEqual({ [SAFE_TO_EVICT]: "false" });
  });

  test("are named to the operator also where they cannot be chosen, as in a rollout, and only where it is wished for", async () => {
    const one = await setUp({ protectBusyPods: true });
    const before = await one.observe();
    expect(before.replicas).toEqual(before.victims);
    one.kubelet.startPods = false;
    await one.client.mergePatch(
      { resource: deployments, namespace: one.namespace, name: "worker" },
      { spec: { template: { metadata: { annotations: { version: "2" } } } } },
    );
    const during = await one.until(({ fleet }) => fleet.rollout);
    expect(during.victims).toBeUndefined();
    expect(during.replicas?.length).toBeGreaterThan(0);
    const other = createKubernetesFleet({ client: one.client });
    onTestFinished(() => other.stop());
    const unwished = await other.observe(one.target, soon());
    expect(unwished).toMatchObject({ kind: "observed" });
    expect(unwished).not.toHaveProperty("replicas");
  });

  test("are left alone unless it is wished for", async () => {
    const one = await setUp();
    expect("protect" in one.fleet && one.fleet.protect !== undefined).toBe(false);
  });
});

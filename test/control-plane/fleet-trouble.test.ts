import { Registry } from "prom-client";
import { afterEach, describe, expect, inject, test } from "vitest";
import { createFaultProxy } from "../../embedded/fault-proxy.ts";
import { clusterAccess } from "../../src/kubernetes/cluster-access.ts";
import { createClusterClient } from "../../src/kubernetes/cluster-client.ts";
import { createKubernetesFleet } from "../../src/kubernetes/kubernetes-fleet.ts";
import { accessAs, accessThrough } from "./access-through.ts";
import { setUpFleet } from "./fleet-harness.ts";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});
const setUp = async () => {
  const one = await setUpFleet();
  stops.push(() => one.close());
  return one;
};
const soon = () => AbortSignal.timeout(3_000);
const change = (from: number, to: number) => ({ from, to, explanation: "a test asks for it" });
const adminAccess = () => clusterAccess({ kubeconfig: inject("controlPlane").kubeconfig, env: {} });

describe("the API server is away", () => {
  /** A fleet behind a proxy, with a clock of its own. */
  const behindProxy = async () => {
    const world = await setUp();
    const access = await adminAccess();
    const url = new URL(access.server);
    const proxy = createFaultProxy({ host: url.hostname, port: Number(url.port) }, url.hostname);
    await proxy.start();
    stops.push(() => proxy.stop());
    const client = createClusterClient(accessThrough(access, proxy.port()));
    let passedMs = 0;
    const registry = new Registry();
    const fleet = createKubernetesFleet({
      client,
      registry,
      timing: { firstWaitMs: 20, longestWaitMs: 100 },
      nowMs: () => Date.now() + passedMs,
    });
    stops.push(async () => {
      await fleet.stop();
      client.close();
    });
    return { ...world, fleet, proxy, registry, pass: (ms: number) => void (passedMs += ms) };
  };

  test("for long: the target becomes unknown with the reason, no change is made, and it is known again afterwards", async () => {
    const { fleet, proxy, registry, target, pass } = await behindProxy();
    expect(await fleet.observe(target, soon())).toMatchObject({ kind: "observed" });
    proxy.mode("refuse");
    proxy.reset();
    const metric = async () =>
      (await registry.getSingleMetric("millrace_watch_failures_total")?.get())?.values ?? [];
    await expect.poll(async () => (await metric()).length).toBeGreaterThanOrEqual(3);
    // A short outage changes nothing for the eye, and no change can be made in it.
    expect(await fleet.observe(target, soon())).toMatchObject({ kind: "observed" });
    expect(await fleet.scaleTo(target, change(0, 1), soon())).toEqual({
      kind: "failed",
      because: expect.stringMatching(/^Cannot reach the API server at .* \(patch deployments\/scale/),
    });
    pass(600_000);
    expect(await fleet.observe(target, soon())).toEqual({
      kind: "unknown",
      because: expect.stringMatching(
        /pods are not known: they were last known 6\d\d s ago.*Cannot reach the API server/,
      ),
    });
    const age = (await registry.getSingleMetric("millrace_watch_age_seconds")?.get())?.values ?? [];
    expect(age.every(({ value }) => value === 0)).toBe(false);
    proxy.mode("pass");
    await expect
      .poll(() => fleet.observe(target, soon()))
      .toMatchObject({ kind: "observed", fleet: { desired: 0 } });
  });

  test("from the start: the target is unknown at once, with the reason", async () => {
    const { fleet, proxy, target } = await behindProxy();
    proxy.mode("refuse");
    expect(await fleet.observe(target, soon())).toEqual({
      kind: "unknown",
      because: expect.stringMatching(/pods are not known: Cannot reach the API server/),
    });
    proxy.mode("pass");
    await expect.poll(() => fleet.observe(target, soon())).toMatchObject({ kind: "observed" });
  });
});

describe("the role lacks a right", () => {
  const rbac = (plural: string) => ({ group: "rbac.authorization.k8s.io", version: "v1", plural });
  const all = [
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "patch"] },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list", "watch"] },
    { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["list", "watch"] },
    { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["get", "patch"] },
    { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: ["list", "watch"] },
    { apiGroups: ["keda.sh"], resources: ["scaledobjects"], verbs: ["list", "watch"] },
  ];

  /** A fleet in one namespace, as a user with these rules and no others. */
  const fleetWith = async (rules: readonly object[]) => {
    const world = await setUp();
    const { client: admin, namespace } = world;
    const user = `operator-${namespace}`;
    await admin.create({ resource: rbac("roles"), namespace }, { metadata: { name: "operator" }, rules });
    await admin.create(
      { resource: rbac("rolebindings"), namespace },
      {
        metadata: { name: "operator" },
        subjects: [{ kind: "User", name: user, apiGroup: "rbac.authorization.k8s.io" }],
        roleRef: { kind: "Role", name: "operator", apiGroup: "rbac.authorization.k8s.io" },
      },
    );
    const client = createClusterClient(accessAs(await adminAccess(), user));
    const fleet = createKubernetesFleet({ client, namespaces: [namespace] });
    stops.push(async () => {
      await fleet.stop();
      client.close();
    });
    return { ...world, fleet };
  };
  const without = (resource: string, verb: string) =>
    all.map((rule) =>
      rule.resources.includes(resource)
        ? { ...rule, verbs: rule.verbs.filter((other) => other !== verb) }
        : rule,
    );

  test("none of those that are listed: everything works, in the namespaces of the role", async () => {
    const { fleet, target, until, kubelet } = await fleetWith(all);
    await expect.poll(() => fleet.scaleTo(target, change(0, 2), soon())).toEqual({ kind: "scaled" });
    await until(({ fleet: seen }) => seen.ready === 2);
    await expect
      .poll(() => fleet.observe(target, soon()))
      .toMatchObject({ kind: "observed", fleet: { ready: 2 }, victims: [{}, {}] });
    const victims = [kubelet.pods[0] ?? ""];
    expect(await fleet.scaleTo(target, { ...change(2, 1), victims }, soon())).toEqual({ kind: "scaled" });
    expect(await fleet.observe({ ...target, namespace: "default" }, soon())).toEqual({
      kind: "unknown",
      because: "The operator does not watch namespace default: add it to the namespaces it is installed for.",
    });
  });

  test.each([
    ["pods", "list"],
    ["deployments", "list"],
    ["replicasets", "list"],
    ["horizontalpodautoscalers", "list"],
    ["pods", "watch"],
    ["deployments", "watch"],
    ["replicasets", "watch"],
    ["horizontalpodautoscalers", "watch"],
  ])("on %s to %s: the target is unknown, and the sentence names the verb", async (resource, verb) => {
    const { fleet, target } = await fleetWith(without(resource, verb));
    await expect
      .poll(() => fleet.observe(target, AbortSignal.timeout(500)))
      .toEqual({
        kind: "unknown",
        because: expect.stringMatching(
          new RegExp(
            `role lacks ${verb} on ${resource}.* in namespace ${target.namespace} \\(403\\): grant it`,
          ),
        ),
      });
  });

  test("to patch the scale: the change fails with the sentence", async () => {
    const { fleet, target } = await fleetWith(without("deployments/scale", "patch"));
    expect(await fleet.scaleTo(target, change(0, 1), soon())).toEqual({
      kind: "failed",
      because: expect.stringContaining("role lacks patch on deployments/scale in API group apps"),
    });
  });

  test("to patch pods: nothing is removed where victims are chosen", async () => {
    const { fleet, target, until, kubelet, scale } = await fleetWith(without("pods", "patch"));
    await scale(0, 2);
    await until(({ fleet: seen }) => seen.ready === 2);
    const victims = [kubelet.pods[0] ?? ""];
    await expect
      .poll(() => fleet.scaleTo(target, { ...change(2, 1), victims }, soon()))
      .toEqual({
        kind: "failed",
        because: expect.stringMatching(/Nothing was removed.*role lacks patch on pods/),
      });
  });
});

test("two fleets in one process do not meet", async () => {
  const [one, two] = await Promise.all([setUp(), setUp()]);
  await one.scale(0, 1);
  await one.until(({ fleet }) => fleet.ready === 1);
  expect((await two.observe()).fleet.desired).toBe(0);
  await one.fleet.stop();
  expect(await one.fleet.observe(one.target, soon())).toEqual({
    kind: "unknown",
    because: "the fleet is stopped",
  });
  expect(await two.fleet.observe(two.target, soon())).toMatchObject({ kind: "observed" });
});

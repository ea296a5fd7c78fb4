import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { createKubernetesFleet } from "../../src/kubernetes/kubernetes-fleet.ts";
import { core, deployments, type FleetWorld, setUpFleet } from "./fleet-harness.ts";

const open: FleetWorld[] = [];
const setUp = async (options?: Parameters<typeof setUpFleet>[0]) => {
  const one = await setUpFleet(options);
  open.push(one);
  return one;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

/** A status as a kubelet writes it, with times of the test's choosing. */
const times = (name: "PodScheduled" | "Ready", at: string | undefined) => ({
  type: name,
  status: at === undefined ? "False" : "True",
  ...(at === undefined ? {} : { lastTransitionTime: at }),
});
const waiting = (reason: string, message: string) => ({
  conditions: [times("PodScheduled", "2026-01-01T00:00:00Z")],
  containerStatuses: [
    {
      name: "worker",
      image: "none",
      imageID: "",
      ready: false,
      restartCount: 0,
      state: { waiting: { reason, message } },
    },
  ],
});

describe("pods on their way", () => {
  test("are unscheduled, then scheduled, then ready, with their age", async () => {
    const one = await setUp();
    one.kubelet.startPods = false;
    await one.scale(0, 2);
    await one.until(({ fleet }) => fleet.starting.length === 2 && one.kubelet.pods.length === 2);
    const [first = "", second = ""] = one.kubelet.pods;
    await one.kubelet.bind(first);
    const seen = await one.until(({ fleet }) => fleet.starting.some(({ phase }) => phase === "scheduled"));
    expect(seen.fleet.starting.map(({ phase }) => phase).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "scheduled",
      "unscheduled",
    ]);
    for (const { ageSeconds } of seen.fleet.starting) {
      expect(ageSeconds).toBeGreaterThanOrEqual(0);
      expect(ageSeconds).toBeLessThan(30);
    }
    expect(seen.notice).toBeUndefined();
    await one.kubelet.ready(first);
    await one.kubelet.bind(second);
    await one.kubelet.ready(second);
    const ready = await one.until(({ fleet }) => fleet.ready === 2);
    expect(ready.fleet).toEqual({
      desired: 2,
      ready: 2,
      draining: 0,
      starting: [],
      graceSeconds: 30,
      uncreated: 0,
      rollout: false,
    });
    expect(ready.victims?.map(({ id }) => id).toSorted()).toEqual([first, second].toSorted());
    expect(ready.victims?.[0]?.addresses).toEqual([expect.stringMatching(/^10\.9\./)]);
  });

  test.each([
    [
      "ImagePullBackOff",
      'Back-off pulling image "none"',
      "cannot pull the image; check its name and the pull secret",
    ],
    ["CrashLoopBackOff", "back-off 40s", "keeps crashing; see kubectl logs --previous"],
    [
      "CreateContainerConfigError",
      'secret "keys" not found',
      "cannot create the container; check the ConfigMaps",
    ],
  ])("fail with %s, and the notice says what to do", async (reason, message, remedy) => {
    const one = await setUp();
    one.kubelet.startPods = false;
    await one.scale(0, 1);
    await one.until(() => one.kubelet.pods.length === 1);
    const [pod = ""] = one.kubelet.pods;
    await one.kubelet.bind(pod);
    await one.kubelet.report(pod, waiting(reason, message));
    const seen = await one.until(({ fleet }) => fleet.starting[0]?.phase === "failing");
    expect(seen.fleet.ready).toBe(0);
    expect(seen.notice).toContain(remedy);
    expect(seen.notice).toContain(pod);
    expect(seen.notice).toContain(message);
  });

  test("that no node takes are told apart, in the scheduler's words", async () => {
    const one = await setUp();
    one.kubelet.startPods = false;
    await one.scale(0, 2);
    await one.until(() => one.kubelet.pods.length === 2);
    const said = "0/3 nodes are available: 3 Insufficient memory.";
    for (const pod of one.kubelet.pods)
      await one.kubelet.report(pod, {
        conditions: [{ ...times("PodScheduled", undefined), reason: "Unschedulable", message: said }],
      });
    const seen = await one.until(({ notice }) => notice?.includes("each of 2 pods") === true);
    expect(seen.notice).toContain(`cannot be scheduled; add nodes, or lower the pods' requests`);
    expect(seen.notice).toContain(said);
    expect(seen.fleet.starting.map(({ phase }) => phase)).toEqual(["unscheduled", "unscheduled"]);
  });

  test("that a quota refuses are uncreated, and the quota is named", async () => {
    const one = await setUp();
    await one.client.create(
      { resource: core("resourcequotas"), namespace: one.namespace },
      { metadata: { name: "two-pods" }, spec: { hard: { pods: "2" } } },
    );
    // The quota counts once its controller has seen it.
    await expect
      .poll(
        () =>
          one.client.get<{ status?: { hard?: object } }>({
            resource: core("resourcequotas"),
            namespace: one.namespace,
            name: "two-pods",
          }),
        { timeout: 20_000 },
      )
      .toMatchObject({ status: { hard: { pods: "2" } } });
    await one.scale(0, 5);
    const seen = await one.until(({ fleet }) => fleet.uncreated > 0 && fleet.ready === 2);
    expect(seen.fleet).toMatchObject({ desired: 5, ready: 2, starting: [], uncreated: 3 });
    expect(seen.notice).toMatch(/3 pods are refused; raise the quota.*exceeded quota: two-pods/);
  });
});

describe("pods on their way out", () => {
  test("are draining for as long as their grace lasts, and are not ready", async () => {
    const one = await setUp();
    await one.scale(0, 3);
    await one.until(({ fleet }) => fleet.ready === 3);
    one.kubelet.endPods = false;
    await one.scale(3, 1);
    const seen = await one.until(({ fleet }) => fleet.draining === 2);
    expect(seen.fleet).toMatchObject({ desired: 1, ready: 1, starting: [] });
    expect(seen.victims).toHaveLength(1);
  });
});

describe("a rollout", () => {
  test("shows old and new side by side as no new capacity, and nobody can be chosen", async () => {
    const one = await setUp();
    await one.scale(0, 2);
    await one.until(({ fleet }) => fleet.ready === 2);
    one.kubelet.startPods = false;
    await one.client.mergePatch(
      { resource: deployments, namespace: one.namespace, name: "worker" },
      { spec: { template: { metadata: { annotations: { version: "2" } } } } },
    );
    // A quarter of 2 rounds up to one more.
    const during = await one.until(({ fleet }) => fleet.rollout && one.kubelet.pods.length === 3);
    expect(during.fleet).toMatchObject({ desired: 2, ready: 2, starting: [], uncreated: 0, rollout: true });
    expect(during.victims).toBeUndefined();
    one.kubelet.startPods = true;
    const newest = one.kubelet.pods.at(-1) ?? "";
    await one.kubelet.bind(newest);
    await one.kubelet.ready(newest);
    const after = await one.until(({ fleet }) => !fleet.rollout);
    expect(after.fleet).toMatchObject({ desired: 2 });
    expect(after.victims).toBeDefined();
  });

  test("that recreates all pods is one while the old ones drain, and the new ones are no refused ones", async () => {
    let laterMs = 0;
    const one = await setUp({ nowMs: () => Date.now() + laterMs });
    const worker = { resource: deployments, namespace: one.namespace, name: "worker" };
    await one.client.mergePatch(worker, { spec: { strategy: { type: "Recreate", rollingUpdate: null } } });
    await one.scale(0, 3);
    await one.until(({ fleet }) => fleet.ready === 3);
    one.kubelet.endPods = false;
    await one.client.mergePatch(worker, {
      spec: { template: { metadata: { annotations: { version: "2" } } } },
    });
    await one.until(({ fleet }) => fleet.rollout && fleet.draining === 3);
    laterMs = 60_000;
    const during = await one.observe();
    expect(during.fleet).toMatchObject({ desired: 3, ready: 0, draining: 3, uncreated: 0, rollout: true });
    expect(during.fleet.starting).toHaveLength(3);
    expect(during.notice).toBeUndefined();
    expect(during.victims).toBeUndefined();
    await Promise.all(
      one.kubelet.pods.map((name) =>
        one.client.delete(
          { resource: core("pods"), namespace: one.namespace, name },
          { query: { gracePeriodSeconds: 0 } },
        ),
      ),
    );
    const uncreated = new Set<number>();
    const after = await one.until(({ fleet }) => {
      uncreated.add(fleet.uncreated);
      return fleet.ready === 3;
    });
    expect([...uncreated]).toEqual([0]);
    expect(after.fleet).toMatchObject({ desired: 3, draining: 0, rollout: false });
  });
});

describe("start-up", () => {
  const startPod = async (
    one: FleetWorld,
    name: string,
    parts: { readonly scheduling: number; readonly readying: number; readonly restarts?: number },
  ) => {
    const { metadata } = await one.client.get<{ metadata: { creationTimestamp: string } }>({
      resource: core("pods"),
      namespace: one.namespace,
      name,
    });
    const at = (seconds: number) =>
      new Date(Date.parse(metadata.creationTimestamp) + seconds * 1_000).toISOString().replace(".000", "");
    await one.kubelet.bind(name);
    const { scheduling, readying, restarts = 0 } = parts;
    await one.kubelet.report(name, {
      phase: "Running",
      conditions: [times("PodScheduled", at(scheduling)), times("Ready", at(scheduling + readying))],
      containerStatuses: [
        { name: "worker", image: "none", imageID: "", ready: true, restartCount: restarts, state: {} },
      ],
    });
  };

  test("is measured in its two parts by the pods' own times; a restarted pod is no measure", async () => {
    const one = await setUp();
    one.kubelet.startPods = false;
    await one.scale(0, 4);
    await one.until(() => one.kubelet.pods.length === 4);
    const [a = "", b = "", c = "", d = ""] = one.kubelet.pods;
    await startPod(one, a, { scheduling: 1, readying: 10 });
    await startPod(one, b, { scheduling: 2, readying: 20 });
    await startPod(one, c, { scheduling: 60, readying: 40 });
    await startPod(one, d, { scheduling: 500, readying: 500, restarts: 1 });
    const { startup } = await one.until(({ fleet }) => fleet.ready === 4);
    expect(startup).toEqual({
      schedulingSeconds: { p50: 2, p95: 60, count: 3 },
      readySeconds: { p50: 20, p95: 40, count: 3 },
    });
    await one.kubelet.unready(a);
    await one.until(({ fleet }) => fleet.ready === 3);
    await one.kubelet.ready(a);
    const again = await one.until(({ fleet }) => fleet.ready === 4);
    expect(again.startup?.readySeconds?.count).toBe(3);
  });

  test("is no measure to a second operator when Ready flipped hours later, and that of the pods it sees starting is", async () => {
    const one = await setUp();
    one.kubelet.startPods = false;
    await one.scale(0, 3);
    await one.until(() => one.kubelet.pods.length === 3);
    const before = [...one.kubelet.pods];
    const hours = 3_600;
    const [a = "", b = "", c = ""] = before;
    await startPod(one, a, { scheduling: 1, readying: 10 });
    await startPod(one, b, { scheduling: 1, readying: 7 * hours });
    await startPod(one, c, { scheduling: 1, readying: 7 * hours });
    await one.until(({ fleet }) => fleet.ready === 3);
    const next = createKubernetesFleet({ client: one.client, nowMs: () => Date.now() + 8 * hours * 1_000 });
    onTestFinished(() => next.stop());
    const startupOf = async () => {
      const seen = await next.observe(one.target, AbortSignal.timeout(10_000));
      return seen.kind === "observed" ? [seen.fleet.ready, seen.startup?.readySeconds] : seen.because;
    };
    // That of the one which never flipped.
    expect(await startupOf()).toEqual([3, { p50: 10, p95: 10, count: 1 }]);
    await one.scale(3, 4);
    await one.until(() => one.kubelet.pods.length === 4);
    const fresh = one.kubelet.pods.find((name) => !before.includes(name)) ?? "";
    await startPod(one, fresh, { scheduling: 1, readying: 20 });
    await expect.poll(startupOf).toEqual([4, { p50: 10, p95: 20, count: 2 }]);
  });
});

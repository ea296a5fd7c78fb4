import { describe, expect, test } from "vitest";
import { observeWorkload } from "./observe-workload.ts";
import { TargetMemory } from "./target-memory.ts";
import type { WatchedPod } from "./watched-pod.ts";
import { isAtLeast, type Workload } from "./workload.ts";

const nowMs = 1_000_000;
const pod = (name: string, fields: Partial<WatchedPod> = {}): WatchedPod => ({
  name,
  namespace: "shop",
  uid: `uid-${name}`,
  resourceVersion: "1",
  labels: {},
  annotations: {},
  controller: { uid: "rs", kind: "ReplicaSet", name: "rs" },
  createdAtMs: nowMs - 20_000,
  scheduledAtMs: nowMs - 19_000,
  readyAtMs: nowMs - 10_000,
  isDeleting: false,
  restarts: 0,
  unschedulable: undefined,
  waiting: undefined,
  addresses: [],
  graceSeconds: 30,
  ...fields,
});
const workload = (fields: Partial<Workload> = {}): Workload => ({
  desired: 0,
  resourceVersion: "100",
  pods: [],
  graceSeconds: 30,
  isRollingOut: false,
  choosesByCost: true,
  createsInOrder: false,
  createsAfterDraining: false,
  refused: undefined,
  ...fields,
});
const written = (replicas: number, resourceVersion: string) => ({
  metadata: { uid: "u", resourceVersion },
  spec: replicas === 0 ? {} : { replicas },
});

describe("restarts", () => {
  test("are counted from the first look on, also those of pods that are gone", () => {
    const memory = new TargetMemory();
    const count = (pods: readonly WatchedPod[]) =>
      observeWorkload(workload({ desired: 2, pods }), memory, nowMs).restarts;
    expect(count([pod("a", { restarts: 7 })])).toBe(0);
    expect(count([pod("a", { restarts: 9 }), pod("b", { restarts: 1 })])).toBe(3);
    expect(count([pod("b", { restarts: 1 })])).toBe(3);
    expect(count([pod("b", { restarts: 1 }), pod("c")])).toBe(3);
    expect(count([])).toBe(3);
  });
});

describe("the count", () => {
  test("is our own last change until the watch has caught up with it", () => {
    const memory = new TargetMemory();
    memory.noteWritten(written(5, "200"));
    expect(
      observeWorkload(workload({ desired: 2, resourceVersion: "199" }), memory, nowMs).fleet.desired,
    ).toBe(5);
    expect(
      observeWorkload(workload({ desired: 5, resourceVersion: "200" }), memory, nowMs).fleet.desired,
    ).toBe(5);
    // Somebody else's change, after ours.
    expect(
      observeWorkload(workload({ desired: 3, resourceVersion: "201" }), memory, nowMs).fleet.desired,
    ).toBe(3);
  });

  test("of versions, the longer is the later", () => {
    expect(isAtLeast("100", "99")).toBe(true);
    expect(isAtLeast("99", "100")).toBe(false);
    expect(isAtLeast("100", "100")).toBe(true);
    expect(isAtLeast("102", "101")).toBe(true);
  });
});

describe("pods that were asked for and do not exist", () => {
  const late = (memory: TargetMemory, fields: Partial<Workload>, atMs: number) =>
    observeWorkload(workload({ desired: 3, pods: [pod("a")], ...fields }), memory, atMs);

  test("are on their way for ten seconds, and refused after that, with where to look", () => {
    const memory = new TargetMemory();
    expect(late(memory, {}, nowMs).fleet).toMatchObject({
      uncreated: 0,
      starting: [
        { ageSeconds: 0, phase: "unscheduled" },
        { ageSeconds: 0, phase: "unscheduled" },
      ],
    });
    expect(late(memory, {}, nowMs + 10_000).fleet.uncreated).toBe(0);
    const refused = late(memory, {}, nowMs + 11_000);
    expect(refused.fleet).toMatchObject({ uncreated: 2, starting: [] });
    expect(refused.notice).toContain("2 pods are refused");
    expect(refused.notice).toContain("kubectl get events");
  });

  test("are refused at once when the ReplicaSet says so", () => {
    const seen = late(new TargetMemory(), { refused: "exceeded quota: small" }, nowMs);
    expect(seen.fleet.uncreated).toBe(2);
    expect(seen.notice).toContain("exceeded quota: small");
  });

  test("are given their ten seconds again once they existed: a replaced pod is not a refused one", () => {
    const memory = new TargetMemory();
    late(memory, {}, nowMs);
    observeWorkload(workload({ desired: 1, pods: [pod("a")] }), memory, nowMs + 5_000);
    expect(late(memory, {}, nowMs + 60_000).fleet.uncreated).toBe(0);
  });

  test("wait for the one before where they are made in order", () => {
    const memory = new TargetMemory();
    const fields = { createsInOrder: true, pods: [pod("a", { readyAtMs: undefined })] };
    late(memory, fields, nowMs);
    expect(late(memory, fields, nowMs + 300_000).fleet).toMatchObject({ uncreated: 0, ready: 0 });
    // Its turn has come: the ten seconds begin now.
    expect(late(memory, { createsInOrder: true }, nowMs + 300_001).fleet.uncreated).toBe(0);
    expect(late(memory, { createsInOrder: true }, nowMs + 310_002).fleet.uncreated).toBe(2);
  });

  test("wait for those that end where these have to be gone first", () => {
    const memory = new TargetMemory();
    const fields = { createsAfterDraining: true, pods: [pod("a", { isDeleting: true })] };
    late(memory, fields, nowMs);
    const draining = late(memory, fields, nowMs + 300_000);
    const waiting = { ageSeconds: 0, phase: "unscheduled" };
    expect(draining.fleet).toMatchObject({
      uncreated: 0,
      draining: 1,
      starting: [waiting, waiting, waiting],
    });
    expect(draining.notice).toBeUndefined();
    const gone = { createsAfterDraining: true, pods: [] };
    expect(late(memory, gone, nowMs + 300_001).fleet.uncreated).toBe(0);
    expect(late(memory, gone, nowMs + 310_002).fleet.uncreated).toBe(3);
  });
});

describe("a rollout", () => {
  const pods = [pod("a"), pod("b"), pod("c"), pod("d", { readyAtMs: undefined, createdAtMs: nowMs - 1_000 })];

  test("counts no more than was asked for, ready ones first", () => {
    const seen = observeWorkload(
      workload({ desired: 2, pods, isRollingOut: true }),
      new TargetMemory(),
      nowMs,
    );
    expect(seen.fleet).toMatchObject({ ready: 2, starting: [], rollout: true });
    expect(seen.victims).toBeUndefined();
    const larger = observeWorkload(
      workload({ desired: 4, pods, isRollingOut: true }),
      new TargetMemory(),
      nowMs,
    );
    expect(larger.fleet).toMatchObject({ ready: 3, starting: [{ ageSeconds: 1, phase: "scheduled" }] });
  });
});

test("a pod whose containers restarted and that is not ready is on its way, until a container says why not", () => {
  const seen = (fields: Partial<WatchedPod>) =>
    observeWorkload(
      workload({ desired: 1, pods: [pod("a", { readyAtMs: undefined, ...fields })] }),
      new TargetMemory(),
      nowMs,
    );
  expect(seen({ restarts: 3 }).fleet.starting).toEqual([{ ageSeconds: 20, phase: "scheduled" }]);
  const waiting = { reason: "CrashLoopBackOff", message: "m".repeat(1_000) };
  const failing = seen({ restarts: 3, waiting });
  expect(failing.fleet.starting).toEqual([{ ageSeconds: 20, phase: "failing" }]);
  expect(failing.notice?.length).toBeLessThan(400);
  // It may not have come as far as a node, whatever its containers say.
  expect(seen({ scheduledAtMs: undefined, waiting }).fleet.starting[0]?.phase).toBe("unscheduled");
});

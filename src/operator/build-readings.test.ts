import { expect, test } from "vitest";
import { buildReadings, type Seen } from "./build-readings.ts";
import type { BrokerBlock, WorkerQueueSample } from "./ports.ts";

const nowMs = 1_000_000;
const queueOf = (name: string, waitSeconds?: number) => ({
  ref: { key: `default///${name}`, broker: "default", vhost: "/", name },
  ...(waitSeconds !== undefined && { waitSeconds }),
});
const fleet = { desired: 2, ready: 2, draining: 0, starting: [], uncreated: 0, rollout: false };
const block = (more: Partial<BrokerBlock> = {}): BrokerBlock => ({
  ageSeconds: 0,
  epoch: "1",
  ready: 7,
  ...more,
});
const workers = (more: Partial<WorkerQueueSample> = {}, ageSeconds = 1): WorkerQueueSample => ({
  workers: {
    ageSeconds,
    epoch: "w",
    reportingReplicas: 2,
    running: 1,
    started: 5,
    finished: 4,
    serviceSeconds: 8,
  },
  ...more,
});
const seen = (more: Partial<Seen> = {}): Seen => ({
  queues: [queueOf("a")],
  slotSharing: "Shared",
  fleet: { kind: "observed", fleet },
  staleAfterSeconds: 30,
  nowMs,
  ...more,
});
const brokerSays = (queues: Record<string, BrokerBlock>, atMs = nowMs) => ({
  broker: { sample: { queues: new Map(Object.entries(queues)) }, atMs },
});
const workersSay = (queues: Record<string, WorkerQueueSample>, atMs = nowMs) => ({
  workers: { sample: { queues: new Map(Object.entries(queues)) }, atMs },
});

test("what no source told stays absent, never zero", () => {
  expect(buildReadings(seen())).toStrictEqual({
    queues: [{ id: "default///a" }],
    slotSharing: "shared",
    fleet,
  });
  expect(buildReadings(seen({ ...brokerSays({}), ...workersSay({}) })).queues).toStrictEqual([
    { id: "default///a" },
  ]);
});

test("a queue keeps its own stricter wait, and the fleet's start-up is passed on", () => {
  const startup = { readySeconds: { p50: 1, p95: 2, count: 3 } };
  const readings = buildReadings(
    seen({ queues: [queueOf("a", 2)], fleet: { kind: "observed", fleet, startup } }),
  );
  expect(readings.queues[0]?.waitSeconds).toBe(2);
  expect(readings.startup).toEqual(startup);
});

test("an answer grows older from the moment it came", () => {
  const readings = buildReadings(
    seen({
      ...brokerSays({ "default///a": block({ ageSeconds: 1 }) }, nowMs - 3_000),
      ...workersSay({ "default///a": workers() }, nowMs - 500),
    }),
  );
  expect(readings.queues[0]?.broker?.ageSeconds).toBe(4);
  expect(readings.queues[0]?.workers?.ageSeconds).toBe(1.5);
});

test("an answer from the future is as old as it says, not younger", () => {
  const readings = buildReadings(
    seen(brokerSays({ "default///a": block({ ageSeconds: 1 }) }, nowMs + 60_000)),
  );
  expect(readings.queues[0]?.broker?.ageSeconds).toBe(1);
});

test("without the broker the workers' depth is the ready count, and unacked stays unknown", () => {
  const readings = buildReadings(
    seen(workersSay({ "default///a": workers({ depth: { ready: 3, ageSeconds: 4 } }) })),
  );
  expect(readings.queues[0]?.broker).toStrictEqual({ ageSeconds: 4, epoch: "workers", ready: 3 });
});

test("a fresh broker wins over the workers' depth, even an older one", () => {
  const readings = buildReadings(
    seen({
      ...brokerSays({ "default///a": block({ ageSeconds: 29, unacked: 2 }) }),
      ...workersSay({ "default///a": workers({ depth: { ready: 3, ageSeconds: 1 } }) }),
    }),
  );
  expect(readings.queues[0]?.broker).toMatchObject({ ready: 7, unacked: 2 });
});

test("a stale broker gives way to a younger depth, and not to an older one", () => {
  const stale = brokerSays({ "default///a": block({ ageSeconds: 31 }) });
  const depth = (ageSeconds: number) =>
    workersSay({ "default///a": workers({ depth: { ready: 3, ageSeconds } }) });
  expect(buildReadings(seen({ ...stale, ...depth(1) })).queues[0]?.broker?.ready).toBe(3);
  expect(buildReadings(seen({ ...stale, ...depth(40) })).queues[0]?.broker?.ready).toBe(7);
  expect(
    buildReadings(seen({ ...stale, ...workersSay({ "default///a": workers() }) })).queues[0]?.broker?.ready,
  ).toBe(7);
});

test("shared slots serve every queue: the largest count, not the sum", () => {
  const readings = buildReadings(
    seen({
      queues: [queueOf("a"), queueOf("b"), queueOf("c")],
      ...workersSay({
        "default///a": workers({ attachedSlots: 8 }),
        "default///b": workers({ attachedSlots: 6 }),
      }),
    }),
  );
  expect(readings.fleet.slots).toBe(8);
  expect(readings.slotSharing).toBe("shared");
});

test("slots of each queue add up, and are unknown when one is", () => {
  const perQueue = (attached: Record<string, WorkerQueueSample>) =>
    buildReadings(
      seen({ queues: [queueOf("a"), queueOf("b")], slotSharing: "PerQueue", ...workersSay(attached) }),
    );
  const four = workers({ attachedSlots: 4 });
  const own = { ...four, workers: { ...four.workers, slots: 3 } };
  expect(perQueue({ "default///a": own, "default///b": four }).fleet.slots).toBe(7);
  expect(perQueue({ "default///a": own, "default///b": workers() }).fleet.slots).toBeUndefined();
  expect(perQueue({ "default///a": own }).slotSharing).toBe("per-queue");
});

test("slots that the fleet itself tells are taken as they are", () => {
  const told = { kind: "observed", fleet: { ...fleet, slots: 16 } } as const;
  expect(
    buildReadings(seen({ fleet: told, ...workersSay({ "default///a": workers({ attachedSlots: 8 }) }) }))
      .fleet.slots,
  ).toBe(16);
});

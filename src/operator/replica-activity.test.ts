import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WorkerQueueSample } from "./ports.ts";
import { type ActivitySeen, IdleSince, idleReplicas } from "./replica-activity.ts";

const nowMs = 1_000_000;
const replicas = ["a", "b", "c"].map((id, index) => ({ id, addresses: [`10.0.0.${index + 1}`] }));
const queueSample = (running: Record<string, number>, ageSeconds = 1): WorkerQueueSample => ({
  workers: {
    ageSeconds,
    epoch: "w",
    reportingReplicas: 3,
    running: 0,
    started: 0,
    finished: 0,
    serviceSeconds: 0,
  },
  runningByReplica: new Map(Object.entries(running)),
});
const workers = (queues: Record<string, WorkerQueueSample>, atMs = nowMs) => ({
  workerSample: { sample: { queues: new Map(Object.entries(queues)) }, atMs },
});
const holders = (unacked: Record<string, number>, { ageSeconds = 1, broker = "default" } = {}) => ({
  brokerSample: {
    sample: {
      queues: new Map(),
      holders: new Map([[broker, { ageSeconds, unackedByAddress: new Map(Object.entries(unacked)) }]]),
    },
    atMs: nowMs,
  },
});
const idle = (seen: Partial<ActivitySeen>) =>
  idleReplicas({
    replicas,
    queueKeys: ["q", "r"],
    broker: "default",
    staleAfterSeconds: 30,
    quietForSeconds: 60,
    nowMs,
    ...seen,
  });

describe("idle is who", () => {
  test("runs nothing by the workers' own word, by pod name or by address", () => {
    expect(idle(workers({ q: queueSample({ a: 0, b: 1, "10.0.0.3": 0 }) }))).toEqual(["a", "c"]);
  });
  test("runs nothing for any of the queues", () => {
    expect(idle(workers({ q: queueSample({ a: 0, b: 0 }), r: queueSample({ a: 1, b: 0 }) }))).toEqual(["b"]);
  });
  test("holds nothing by the broker's word", () => {
    expect(idle(holders({ "10.0.0.1": 0, "10.0.0.2": 7, "10.0.0.3": 0 }))).toEqual(["a", "c"]);
  });
  test("held nothing at a time since when nothing could be taken", () => {
    const told = holders({ "10.0.0.1": 0, "10.0.0.2": 7 }, { ageSeconds: 2 });
    expect(idle({ ...told, quietForSeconds: 3 })).toEqual(["a"]);
    expect(idle({ ...told, quietForSeconds: 2.9 })).toEqual([]);
  });
  test("runs nothing by every source that knows it", () => {
    const both = {
      ...workers({ q: queueSample({ a: 0, b: 0, c: 0 }) }),
      ...holders({ "10.0.0.1": 0, "10.0.0.2": 1 }),
    };
    expect(idle(both)).toEqual(["a", "c"]);
  });
  test("has several addresses and holds nothing at any", () => {
    const dual = { replicas: [{ id: "a", addresses: ["10.0.0.1", "fd00::1"] }] };
    expect(idle({ ...dual, ...holders({ "10.0.0.1": 0, "fd00::1": 2 }) })).toEqual([]);
  });
});

describe("nobody can be told to be idle", () => {
  test("while no source tells of any replica: that is not the same as all busy", () => {
    expect(idle({})).toBeUndefined();
    expect(idle(workers({ q: queueSample({ other: 0 }) }))).toBeUndefined();
    expect(idle(holders({ "10.9.9.9": 0 }))).toBeUndefined();
    expect(idle(holders({ "10.0.0.1": 0 }, { broker: "another" }))).toBeUndefined();
  });
  test("by what is too old", () => {
    expect(idle(workers({ q: queueSample({ a: 0 }, 31) }))).toBeUndefined();
    expect(idle(workers({ q: queueSample({ a: 0 }, 1) }, nowMs - 30_000))).toBeUndefined();
    expect(idle(holders({ "10.0.0.1": 0 }, { ageSeconds: 31 }))).toBeUndefined();
  });
  test("of whom nobody knows anything, beside others who are known", () => {
    expect(idle(workers({ q: queueSample({ a: 0, b: 2 }) }))).toEqual(["a"]);
    expect(idle(workers({ q: queueSample({ b: 2 }) }))).toEqual([]);
  });
});

test("those that became idle last come first; who was busy in between begins anew", () => {
  const since = new IdleSince();
  since.note(["a", "b", "c"], 1);
  since.note(["a", "c"], 2);
  since.note(["c", "b", "a"], 3);
  expect(since.latest(9).at(0)).toBe("b");
  expect(since.latest(1)).toEqual(["b"]);
  expect(since.latest(-1)).toEqual([]);
  since.note(undefined, 4);
  expect(since.latest(9)).toEqual([]);
});

test("nobody of whom any source says that it has a job is ever idle, whatever the sources say", () => {
  const counts = fc.dictionary(
    fc.constantFrom("a", "b", "c", "10.0.0.1", "10.0.0.2", "10.0.0.3"),
    fc.integer({ min: 0, max: 2 }),
  );
  fc.assert(
    fc.property(counts, counts, counts, (first, second, unacked) => {
      const found = idle({
        ...workers({ q: queueSample(first), r: queueSample(second) }),
        ...holders(unacked),
      });
      replicas.forEach(({ id, addresses }) => {
        const names = [id, ...addresses];
        const told = [first, second].map((one) => one[id] ?? one[addresses[0] ?? ""]);
        const said = [...told, unacked[addresses[0] ?? ""], unacked[id]];
        const isBusy = said.some((jobs) => jobs !== undefined && jobs > 0);
        if (isBusy && unacked[id] === undefined) expect(found ?? []).not.toContain(id);
        if (names.every((name) => [first, second, unacked].every((one) => one[name] === undefined)))
          expect(found ?? []).not.toContain(id);
      });
    }),
  );
});

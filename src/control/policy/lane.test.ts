import { describe, expect, test } from "vitest";
import type { QueueReading } from "../contract.ts";
import { cleanFleet, cleanQueue } from "../signals/clean-readings.ts";
import { type LaneInput, type LaneMemory, newLane, readLane } from "./lane.ts";
import { laneWish, predictedWait } from "./lane-wish.ts";

const startup = { p50: 10, p95: 20 };
const fleet = (ready: number) =>
  cleanFleet({ desired: ready, ready, draining: 0, starting: [], uncreated: 0, rollout: false }, 0);
const input = (t: number, parts: readonly Partial<QueueReading>[], memory: LaneMemory): LaneInput => ({
  t,
  elapsed: t === 0 ? 0 : 2,
  staleAfterSeconds: 30,
  bornAt: 0,
  queues: parts.map((part, i) =>
    cleanQueue({ id: `q${i}`, ...part }, { t, staleAfterSeconds: 30, waitSeconds: 10 }),
  ),
  memories: new Map(remembered.get(memory) ?? []),
  fleet: fleet(4),
  sharedSlots: true,
  startup,
  attainmentRatio: 0.95,
  slotsPerReplica: 1,
  expectedServiceSeconds: 2,
  mostPoints: 80,
});
const remembered = new WeakMap<
  LaneMemory,
  [string, LaneInput["memories"] extends ReadonlyMap<string, infer Q> ? Q : never][]
>();

/** Reads the parts every 2 s; the last view. */
const run = (count: number, at: (i: number) => readonly Partial<QueueReading>[]) => {
  let memory = newLane("*", 0);
  let view = readLane(memory, input(0, at(0), memory));
  for (let i = 1; i < count; i += 1) {
    memory = view.memory;
    remembered.set(
      memory,
      view.reads.map((read) => [read.memory.key, read.memory]),
    );
    view = readLane(memory, input(2 * i, at(i), memory));
  }
  return view;
};
const broker = (part: object) => ({ ageSeconds: 0, epoch: "b", ready: 0, ...part });
const workers = (part: object) => ({
  ageSeconds: 0,
  epoch: "w",
  reportingReplicas: 4,
  running: 4,
  started: 0,
  finished: 0,
  serviceSeconds: 0,
  ...part,
});

describe("a lane", () => {
  test("of a broker alone measures the service time while jobs wait: 4 slots, 2 settled a second", () => {
    const view = run(60, (i) => [
      { broker: broker({ ready: 10, unacked: 4, consumers: 4, settled: 4 * i }) },
    ]);
    expect(view.service.seconds).toBeCloseTo(2, 1);
    expect(view.service.jobs).toBeGreaterThan(100);
    expect(view.arrivals.rate.perSecond).toBeCloseTo(2, 1);
  });

  test("of a broker alone measures the same where its statistics come in lumps", () => {
    const view = run(60, (i) => [
      { broker: broker({ ready: 10, unacked: 4, consumers: 4, settled: 20 * Math.floor(i / 5) }) },
    ]);
    expect(view.service.seconds).toBeCloseTo(2, 1);
  });

  test("that was blind in between measures nothing from what settled meanwhile", () => {
    const view = run(9, (i) =>
      i > 2 && i < 7
        ? [{}]
        : [{ broker: broker({ ready: 10, unacked: 4, consumers: 4, settled: i < 8 ? 0 : 100 }) }],
    );
    expect(view.service).toMatchObject({ jobs: 0 });
  });

  test("whose jobs wait while none of those in progress ends is stalled, until one does", () => {
    const stuck = { ready: 10, unacked: 4, consumers: 4 };
    expect(run(6, () => [{ broker: broker({ ...stuck, settled: 7 }) }]).stalledSeconds).toBe(10);
    expect(run(6, (i) => [{ broker: broker({ ...stuck, settled: i }) }]).stalledSeconds).toBe(0);
    expect(run(6, () => [{ broker: broker({ ...stuck, ready: 0, settled: 7 }) }]).stalledSeconds).toBe(0);
  });

  test("of a broker alone only bounds it while none waits", () => {
    const view = run(60, (i) => [{ broker: broker({ unacked: 1, consumers: 4, settled: 4 * i }) }]);
    expect(view.service).toMatchObject({ jobs: 0 });
    expect(view.service.seconds).toBeCloseTo(0.5, 1);
  });

  test("of workers measures what they say, and counts their late jobs", () => {
    const view = run(60, (i) => [
      {
        broker: broker({}),
        workers: workers({
          started: 8 * i,
          finished: 8 * i,
          serviceSeconds: 12 * i,
          waits: { edgesSeconds: [10], counts: [7 * i, 8 * i] },
        }),
      },
    ]);
    expect(view.service.seconds).toBeCloseTo(1.5, 3);
    expect(view.memory.budget.measuredLate / view.memory.budget.measured).toBeCloseTo(1 / 8, 3);
  });

  test("whose backlog grows knows the age of its oldest job, and calls what starts late", () => {
    const view = run(30, (i) => [
      {
        broker: broker({ ready: 20 * i }),
        workers: workers({ started: 4 * i, finished: 4 * i, serviceSeconds: 4 * i }),
      },
    ]);
    // 12 jobs/s come, 580 wait: the oldest came 48 s ago.
    expect(view.oldestSeconds).toBeGreaterThan(44);
    expect(view.oldestSeconds).toBeLessThan(52);
    expect(view.memory.budget.late).toBeGreaterThan(60);
  });

  test("with slots of its own takes them from its workers, by replica", () => {
    const queue = { broker: broker({}), workers: workers({ slots: 12, reportingReplicas: 4 }) };
    const memory = newLane("q0", 0);
    const view = readLane(memory, {
      ...input(0, [queue], memory),
      sharedSlots: false,
      slotsPerReplica: undefined,
    });
    expect(view.slots).toBe(3);
  });
});

describe("the wish of a lane", () => {
  const question = {
    fleet: fleet(4),
    startup,
    startupKnown: false,
    orderedAgo: 0,
    attainmentRatio: 0.95,
    t: 400,
  };

  test("is warm after 300 s with three finished jobs, or sooner with fifteen", () => {
    const few = run(3, (i) => [
      { broker: broker({}), workers: workers({ finished: 2 * i, serviceSeconds: 2 * i }) },
    ]);
    expect(laneWish(few, { ...question, t: 100 }).warm).toBe(false);
    expect(laneWish(few, { ...question, t: 301 }).warm).toBe(true);
    const many = run(9, (i) => [
      { broker: broker({}), workers: workers({ finished: 9 * i, serviceSeconds: 9 * i }) },
    ]);
    expect(laneWish(many, { ...question, t: 25 }).warm).toBe(true);
    expect(laneWish(many, { ...question, t: 15 }).warm).toBe(false);
  });

  test("leaves out of the estimate what is not known", () => {
    const view = run(1, () => [{ broker: broker({ ready: 3 }) }]);
    expect(laneWish(view, question).estimate).toEqual({ serviceSeconds: 2, predictedWaitSeconds: 1.5 });
  });
});

describe("the predicted wait", () => {
  const ready = (count: number, ...joining: { inSeconds: number; replicas: number }[]) => ({
    ready: count,
    joining,
    lost: 0,
  });

  test("is the work ahead over the slots: 30 jobs in the system, 10 slots, 2 s each", () => {
    expect(predictedWait(30, ready(10), 1, 2)).toBe(4);
    expect(predictedWait(5, ready(10), 1, 2)).toBe(0);
  });

  test("counts those that join on the way", () => {
    expect(predictedWait(30, ready(5, { inSeconds: 4, replicas: 5 }), 1, 2)).toBe(4 + (15 * 2) / 10);
    expect(predictedWait(30, ready(10, { inSeconds: 50, replicas: 5 }), 1, 2)).toBe(4);
  });

  test("without a replica is until the first joins, or unknown", () => {
    expect(predictedWait(2, ready(0, { inSeconds: 9, replicas: 3 }), 1, 2)).toBe(9);
    expect(predictedWait(2, ready(0), 1, 2)).toBeUndefined();
  });
});

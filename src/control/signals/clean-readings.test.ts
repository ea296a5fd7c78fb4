import { describe, expect, test } from "vitest";
import type { QueueReading } from "../contract.ts";
import { cleanFleet, cleanQueue, cleanQueues } from "./clean-readings.ts";

const moment = { t: 100, staleAfterSeconds: 30, waitSeconds: 10 };
const workers = {
  ageSeconds: 4,
  epoch: "w",
  reportingReplicas: 2,
  running: 3,
  started: 50,
  finished: 47,
  serviceSeconds: 94,
};
const queue = (part: Partial<QueueReading>): QueueReading => ({ id: "q", ...part });

describe("a queue", () => {
  test("keeps fresh figures with the time of their sample", () => {
    const clean = cleanQueue(queue({ broker: { ageSeconds: 2, epoch: "b", ready: 7 }, workers }), moment);
    expect(clean.broker).toMatchObject({ at: 98, ready: 7, unacked: undefined });
    expect(clean.workers).toMatchObject({ at: 96, running: 3, serviceSeconds: 94 });
    expect(clean.spoilt).toBe(false);
  });

  test("a stale block is unknown but not spoilt", () => {
    const clean = cleanQueue(queue({ broker: { ageSeconds: 31, epoch: "b", ready: 7 } }), moment);
    expect(clean).toMatchObject({ broker: undefined, spoilt: false });
  });

  test("a ready count that cannot be true makes the block unknown and the queue spoilt", () => {
    const clean = cleanQueue(queue({ broker: { ageSeconds: 1, epoch: "b", ready: -1 } }), moment);
    expect(clean).toMatchObject({ broker: undefined, spoilt: true });
  });

  test("an optional figure that cannot be true is left out and spoils the queue", () => {
    const broker = { ageSeconds: 1, epoch: "b", ready: 1, unacked: Number.NaN };
    const clean = cleanQueue(queue({ broker }), moment);
    expect(clean.broker?.ready).toBe(1);
    expect(clean.broker?.unacked).toBeUndefined();
    expect(clean.spoilt).toBe(true);
  });

  test("a workers block with one spoilt total is unknown", () => {
    const clean = cleanQueue(queue({ workers: { ...workers, started: Number.NaN } }), moment);
    expect(clean).toMatchObject({ workers: undefined, spoilt: true });
  });

  test("its own objective counts only where it is stricter and makes sense", () => {
    const waits = [4, 60, Number.NaN, 0].map(
      (waitSeconds) => cleanQueue(queue({ waitSeconds }), moment).waitSeconds,
    );
    expect(waits).toEqual([4, 10, 10, 10]);
  });

  test("late jobs are read where the objective is an edge, and never interpolated", () => {
    const late = (edgesSeconds: number[], counts: number[]) =>
      cleanQueue(queue({ workers: { ...workers, waits: { edgesSeconds, counts } } }), moment).workers?.waits;
    expect(late([5, 10, 20], [30, 45, 49, 50])).toEqual({ late: 5, total: 50 });
    expect(late([5, 20], [30, 49, 50])).toBeUndefined();
    expect(late([10], [45])).toBeUndefined();
    expect(late([10], [51, 50])).toBeUndefined();
    expect(late([10], [Number.NaN, 50])).toBeUndefined();
  });
});

test("a queue that is named twice counts once", () => {
  expect(cleanQueues([queue({}), queue({}), { id: "other" }], moment).map(({ id }) => id)).toEqual([
    "q",
    "other",
  ]);
});

test("a fleet count that cannot be true is 0 (desired: as it was) and spoils the fleet", () => {
  const fleet = {
    desired: Number.NaN,
    ready: -2,
    draining: 1,
    starting: [{ ageSeconds: Number.NaN, phase: "scheduled" as const }],
    uncreated: Number.NaN,
    rollout: false,
  };
  expect(cleanFleet(fleet, 4)).toMatchObject({
    desired: 4,
    ready: 0,
    draining: 1,
    starting: [{ ageSeconds: 0, phase: "scheduled" }],
    uncreated: 0,
    idle: undefined,
    spoilt: true,
  });
});

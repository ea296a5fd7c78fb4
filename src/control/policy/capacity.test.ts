import { expect, test } from "vitest";
import type { CleanFleet } from "../signals/clean-readings.ts";
import { capacityOf, withOrdered, withoutReplicas } from "./capacity.ts";

const startup = { p50: 10, p95: 20 };
const fleet = (part: Partial<CleanFleet>): CleanFleet => ({
  desired: 0,
  ready: 0,
  draining: 0,
  slots: undefined,
  starting: [],
  idle: undefined,
  graceSeconds: undefined,
  uncreated: 0,
  rollout: false,
  spoilt: false,
  ...part,
});
const starting = (...ages: number[]) =>
  ages.map((ageSeconds) => ({ ageSeconds, phase: "scheduled" as const }));

test("a starting replica joins when the rest of the median has passed; an overdue one in half the way to the 95 %", () => {
  const { ready, joining, lost } = capacityOf(
    fleet({ desired: 5, ready: 2, starting: starting(4, 12, 19.9) }),
    startup,
    0,
  );
  expect({ ready, lost }).toEqual({ ready: 2, lost: 0 });
  expect(joining).toEqual([
    { inSeconds: 1, replicas: 1 },
    { inSeconds: 4, replicas: 1 },
    { inSeconds: 6, replicas: 1 },
  ]);
});

test("a rollout's surge above the desired count is no capacity", () => {
  expect(capacityOf(fleet({ desired: 3, ready: 4, starting: starting(1) }), startup, 0)).toEqual({
    ready: 3,
    joining: [],
    lost: 0,
  });
});

test("while no start-up is known, a replica that takes minutes still counts, and one of ten minutes does not", () => {
  const assumed = { ...startup, assumed: true } as const;
  const { joining, lost } = capacityOf(fleet({ desired: 3, starting: starting(599, 65, 601) }), assumed, 0);
  expect(joining.reduce((sum, { replicas }) => sum + replicas, 0)).toBe(2);
  expect(lost).toBe(1);
});

test("failing replicas and those stuck for three times the 95 % are lost places", () => {
  const failing = { ageSeconds: 1, phase: "failing" as const };
  const { joining, lost } = capacityOf(
    fleet({ desired: 3, starting: [failing, ...starting(61, 2)] }),
    startup,
    0,
  );
  expect(joining).toEqual([{ inSeconds: 8, replicas: 1 }]);
  expect(lost).toBe(2);
});

test("replicas that do not show yet count as ordered when the count changed, until that is too long ago", () => {
  expect(capacityOf(fleet({ desired: 2 }), startup, 3).joining).toEqual([
    { inSeconds: 7, replicas: 1 },
    { inSeconds: 7, replicas: 1 },
  ]);
  expect(capacityOf(fleet({ desired: 2 }), startup, 99)).toEqual({ ready: 0, joining: [], lost: 2 });
  expect(capacityOf(fleet({ desired: 2, uncreated: 2 }), startup, 3).lost).toBe(2);
});

test("a hundred starting replicas come in at most twelve groups", () => {
  const ages = Array.from({ length: 100 }, (_, i) => i / 20);
  const { joining } = capacityOf(fleet({ desired: 100, starting: starting(...ages) }), startup, 0);
  expect(joining.length).toBeLessThanOrEqual(12);
  expect(joining.reduce((sum, { replicas }) => sum + replicas, 0)).toBe(100);
});

test("ordering adds replicas after the median; removing takes lost ones, then the youngest, then ready ones", () => {
  const capacity = {
    ready: 4,
    joining: [
      { inSeconds: 1, replicas: 2 },
      { inSeconds: 9, replicas: 2 },
    ],
    lost: 1,
  };
  expect(withOrdered(capacity, 3, startup).joining.at(-1)).toEqual({ inSeconds: 10, replicas: 3 });
  expect(withOrdered(capacity, 0, startup)).toBe(capacity);
  expect(withoutReplicas(capacity, 1)).toEqual({ ...capacity, lost: 0 });
  expect(withoutReplicas(capacity, 4)).toEqual({
    ready: 4,
    joining: [{ inSeconds: 1, replicas: 1 }],
    lost: 0,
  });
  expect(withoutReplicas(capacity, 7)).toEqual({ ready: 2, joining: [], lost: 0 });
});

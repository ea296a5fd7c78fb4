import { expect, test } from "vitest";
import { newSlots, withSlots } from "./slots.ts";

const settled = { perReplica: 4, ready: 3, since: 0 };

test("the first figure is taken as soon as all ready replicas report", () => {
  expect(withSlots(newSlots, { slots: 8, reportingReplicas: 1, ready: 2 }, 1).perReplica).toBeNull();
  expect(withSlots(newSlots, { slots: 8, reportingReplicas: 2, ready: 2 }, 1).perReplica).toBe(4);
});

test("a scale-out that the workers' sums do not show yet changes nothing", () => {
  const lagging = withSlots(settled, { slots: 12, reportingReplicas: 6, ready: 6 }, 20);
  expect(lagging).toEqual({ perReplica: 4, ready: 6, since: 20 });
  expect(withSlots(lagging, { slots: 12, reportingReplicas: 6, ready: 6 }, 27).perReplica).toBe(4);
  expect(withSlots(lagging, { slots: 24, reportingReplicas: 6, ready: 6 }, 28).perReplica).toBe(4);
});

test("another figure that lasts is taken", () => {
  expect(withSlots(settled, { slots: 6, reportingReplicas: 3, ready: 3 }, 9).perReplica).toBe(2);
});

test("slots that are unknown, none or fewer than replicas are no figure", () => {
  for (const slots of [undefined, 0, 2]) {
    expect(withSlots(settled, { slots, reportingReplicas: 3, ready: 3 }, 9).perReplica).toBe(4);
  }
});

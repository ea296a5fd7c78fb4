import { expect, test } from "vitest";
import type { FleetReading } from "../contract.ts";
import { cleanFleet } from "../signals/clean-readings.ts";
import { isFull, missingReplicas, missingText } from "./missing.ts";

const fleetOf = (part: Partial<FleetReading>) =>
  cleanFleet({ desired: 9, ready: 4, draining: 0, starting: [], uncreated: 0, rollout: false, ...part }, 0);
const starting = (phase: "unscheduled" | "scheduled" | "failing", ageSeconds: number, count = 1) =>
  Array.from({ length: count }, () => ({ phase, ageSeconds }));

test.each([
  ["none missing", {}, false, ""],
  ["just created, not placed yet", { starting: starting("unscheduled", 3) }, false, ""],
  ["slow to start", { starting: starting("scheduled", 300) }, false, ""],
  ["refused", { uncreated: 2 }, true, "2 replicas could not be created"],
  ["without a node", { starting: starting("unscheduled", 30) }, true, "1 replica finds no node with room"],
  ["a few fail", { starting: starting("failing", 1, 3) }, false, "3 replicas fail to start"],
  ["as many fail as are ready", { starting: starting("failing", 1, 4) }, true, "4 replicas fail to start"],
  ["the only one fails", { ready: 0, starting: starting("failing", 1) }, true, "1 replica fails to start"],
])("%s", (_title, part, full, text) => {
  const fleet = fleetOf(part);
  expect(isFull(missingReplicas(fleet), fleet)).toBe(full);
  expect(missingText(missingReplicas(fleet))).toBe(text);
});

test("all that is missing is named", () => {
  const fleet = fleetOf({
    uncreated: 1,
    starting: [...starting("failing", 1, 2), ...starting("unscheduled", 60, 3)],
  });
  expect(missingText(missingReplicas(fleet))).toBe(
    "1 replica could not be created, 2 replicas fail to start, 3 replicas find no node with room",
  );
});

import { expect, test } from "vitest";
import { cleanFleet } from "../signals/clean-readings.ts";
import { leastWithoutInterruption } from "./victims.ts";

const fleet = (part: object = {}) =>
  cleanFleet({ desired: 6, ready: 5, draining: 0, starting: [], uncreated: 0, rollout: false, ...part }, 0);
const question = { fleet: fleet(), idleOnly: false, longServiceSeconds: 10, running: 3, begunSince: 0 };

test("anything may go when jobs end within the grace, 30 s unless told", () => {
  expect(leastWithoutInterruption(question)).toBe(0);
  expect(leastWithoutInterruption({ ...question, longServiceSeconds: 31 })).toBe(6);
  expect(
    leastWithoutInterruption({ ...question, longServiceSeconds: 31, fleet: fleet({ graceSeconds: 60 }) }),
  ).toBe(0);
});

test("longer jobs, or idleOnly, let only idle and starting replicas go where victims can be chosen", () => {
  const choosable = { ...question, fleet: fleet({ idle: 2 }) };
  expect(leastWithoutInterruption({ ...choosable, longServiceSeconds: 99 })).toBe(3);
  expect(leastWithoutInterruption({ ...choosable, idleOnly: true })).toBe(3);
  expect(leastWithoutInterruption({ ...choosable, idleOnly: true, begunSince: 1 })).toBe(4);
  expect(leastWithoutInterruption({ ...choosable, idleOnly: true, begunSince: 9 })).toBe(6);
  expect(leastWithoutInterruption({ ...choosable, longServiceSeconds: undefined })).toBe(3);
});

test("where victims cannot be chosen they wait until no job runs at all", () => {
  expect(leastWithoutInterruption({ ...question, idleOnly: true })).toBe(6);
  expect(leastWithoutInterruption({ ...question, idleOnly: true, running: 0 })).toBe(0);
});

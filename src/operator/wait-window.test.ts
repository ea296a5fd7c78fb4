import { expect, test } from "vitest";
import type { QueueReading } from "../control/contract.ts";
import { WaitWindow } from "./wait-window.ts";

const reading = (
  counts: readonly number[],
  { epoch = "1", edgesSeconds = [1, 5, 10] } = {},
): QueueReading => ({
  id: "a",
  workers: {
    ageSeconds: 0,
    epoch,
    reportingReplicas: 1,
    running: 0,
    started: 0,
    finished: 0,
    serviceSeconds: 0,
    waits: { edgesSeconds, counts },
  },
});

test("nothing is known from one look, or without histograms", () => {
  const window = new WaitWindow();
  window.add([reading([1, 2, 3, 3])], 0);
  window.add([{ id: "b" }], 40_000);
  expect(window.p95Seconds(40_000)).toBeUndefined();
});

test("answers the lowest edge within which 95 % of the jobs of the last minutes started", () => {
  const window = new WaitWindow();
  window.add([reading([0, 0, 0, 500])], 0);
  window.add([reading([90, 96, 99, 600])], 30_000);
  expect(window.p95Seconds(30_000)).toBe(5);
});

test("counts of several queues with the same edges add up", () => {
  const window = new WaitWindow();
  window.add([reading([0, 0, 0, 0]), reading([0, 0, 0, 0])], 0);
  window.add([reading([100, 100, 100, 100]), reading([0, 0, 100, 100])], 30_000);
  expect(window.p95Seconds(30_000)).toBe(10);
});

test("above the last edge, without new jobs, and after a change of edges or epoch it is not known", () => {
  const window = new WaitWindow();
  window.add([reading([0, 0, 0, 0])], 0);
  window.add([reading([0, 0, 0, 10])], 30_000);
  expect(window.p95Seconds(30_000)).toBeUndefined();
  window.add([reading([0, 0, 0, 10], { epoch: "2" })], 60_000);
  window.add([reading([0, 0, 0, 10], { epoch: "2" })], 90_000);
  expect(window.p95Seconds(90_000)).toBeUndefined();
  window.add([reading([0, 0, 0, 10], { epoch: "2" }), reading([1, 1], { edgesSeconds: [2] })], 120_000);
  expect(window.p95Seconds(120_000)).toBeUndefined();
});

test("forgets what is older than five minutes", () => {
  const window = new WaitWindow();
  for (let minute = 0; minute <= 20; minute++) {
    const slow = Math.min(minute, 2) * 100;
    window.add(
      [reading([minute * 100 - slow, minute * 100 - slow, minute * 100, minute * 100])],
      minute * 60_000,
    );
  }
  expect(window.p95Seconds(20 * 60_000)).toBe(1);
});

test("grows old by itself: when nothing comes any more, it is not known five minutes later", () => {
  const window = new WaitWindow();
  window.add([reading([0, 0, 0, 0])], 0);
  window.add([reading([0, 0, 100, 100])], 30_000);
  window.add([reading([50, 50, 200, 200])], 60_000);
  expect(window.p95Seconds(330_000)).toBe(10);
  expect(window.p95Seconds(330_001)).toBeUndefined();
  window.add([reading([250, 250, 400, 400])], 400_000);
  expect(window.p95Seconds(400_000)).toBeUndefined();
  window.add([reading([350, 350, 500, 500])], 430_000);
  expect(window.p95Seconds(430_000)).toBe(1);
});

import { expect, test } from "vitest";
import { cleanQueue } from "../signals/clean-readings.ts";
import { withIdle } from "./idle.ts";

const queue = (ready: number, unacked: number, running: number) =>
  cleanQueue(
    {
      id: "q",
      broker: { ageSeconds: 0, epoch: "b", ready, unacked },
      workers: {
        ageSeconds: 0,
        epoch: "w",
        reportingReplicas: 1,
        running,
        started: 0,
        finished: 0,
        serviceSeconds: 0,
      },
    },
    { t: 0, staleAfterSeconds: 30, waitSeconds: 10 },
  );
const now = { t: 50, complete: true, moved: false };

test("it counts from the first step at which nothing was ready, unacked or running", () => {
  expect(withIdle(null, [queue(0, 0, 0)], now)).toBe(50);
  expect(withIdle(12, [queue(0, 0, 0)], now)).toBe(12);
});

test("any job, an incomplete reading or a counter that moved ends it", () => {
  for (const busy of [queue(1, 0, 0), queue(0, 1, 0), queue(0, 0, 1)])
    expect(withIdle(12, [busy], now)).toBeNull();
  expect(withIdle(12, [queue(0, 0, 0)], { ...now, complete: false })).toBeNull();
  expect(withIdle(12, [queue(0, 0, 0)], { ...now, moved: true })).toBeNull();
});

test("an unknown queue is not idle, and figures that nobody tells do not stand in the way", () => {
  const at = { t: 0, staleAfterSeconds: 30, waitSeconds: 10 };
  expect(withIdle(12, [cleanQueue({ id: "q" }, at)], now)).toBeNull();
  const alone = cleanQueue({ id: "q", broker: { ageSeconds: 0, epoch: "b", ready: 0 } }, at);
  expect(withIdle(12, [alone], now)).toBe(12);
});

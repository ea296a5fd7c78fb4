import { expect, test } from "vitest";
import type { BrokerReading, WorkersReading } from "../contract.ts";
import { cleanQueue } from "../signals/clean-readings.ts";
import { noLateness, withLateness } from "./lateness.ts";

const workers: WorkersReading = {
  ageSeconds: 1,
  epoch: "w",
  reportingReplicas: 1,
  running: 0,
  started: 0,
  finished: 0,
  serviceSeconds: 0,
};
const queues = (broker: Partial<BrokerReading>, told?: WorkersReading) => [
  cleanQueue(
    {
      id: "q",
      broker: { ageSeconds: 0, epoch: "b", ready: 0, ...broker },
      ...(told && { workers: told }),
    },
    { t: 100, staleAfterSeconds: 30, waitSeconds: 10 },
  ),
];

test("is the largest age of the last minute", () => {
  const late = withLateness(noLateness, queues({ ageSeconds: 9.5, unacked: 0 }), 100);
  expect(late).toEqual({ seconds: 9.5, at: 100 });
  const fresh = queues({ ageSeconds: 0, unacked: 0 });
  expect(withLateness(late, fresh, 100)).toBe(late);
  expect(withLateness({ seconds: 9.5, at: 30 }, fresh, 100)).toEqual({ seconds: 0, at: 100 });
});

test("is nothing where the workers tell what is in progress, or nobody does", () => {
  expect(withLateness(noLateness, queues({ ageSeconds: 9, unacked: 0 }, workers), 100).seconds).toBe(0);
  expect(withLateness(noLateness, queues({ ageSeconds: 9 }), 100).seconds).toBe(0);
});

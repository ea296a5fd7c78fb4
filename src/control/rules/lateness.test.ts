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

test("is the largest age of the last minute, also when the next one begins with fresh statistics", () => {
  const of = (ageSeconds: number) => queues({ ageSeconds, unacked: 0 });
  const late = withLateness({ seconds: 3, recent: 0, at: 90 }, of(9.5), 100);
  expect(late).toEqual({ seconds: 9.5, recent: 9.5, at: 90 });
  expect(withLateness(late, of(0), 100)).toEqual(late);
  const next = withLateness({ ...late, at: 30 }, of(0), 100);
  expect(next).toEqual({ seconds: 9.5, recent: 0, at: 100 });
  expect(withLateness({ ...next, at: 30 }, of(0), 100).seconds).toBe(0);
});

test("is nothing where the workers tell what is in progress, or nobody does", () => {
  expect(withLateness(noLateness, queues({ ageSeconds: 9, unacked: 0 }, workers), 100).seconds).toBe(0);
  expect(withLateness(noLateness, queues({ ageSeconds: 9 }), 100).seconds).toBe(0);
});

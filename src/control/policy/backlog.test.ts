import { expect, test } from "vitest";
import type { QueueReading } from "../contract.ts";
import { type CleanFleet, cleanQueue } from "../signals/clean-readings.ts";
import { backlogOf } from "./backlog.ts";

const fleet = (ready: number, draining = 0): CleanFleet => ({
  desired: ready,
  ready,
  draining,
  slots: undefined,
  starting: [],
  idle: undefined,
  graceSeconds: undefined,
  uncreated: 0,
  rollout: false,
  spoilt: false,
});
const queue = (broker: Partial<NonNullable<QueueReading["broker"]>>, running?: number) => ({
  queue: cleanQueue(
    {
      id: "q",
      broker: { ageSeconds: 0, epoch: "b", ready: 0, ...broker },
      ...(running === undefined
        ? {}
        : {
            workers: {
              ageSeconds: 0,
              epoch: "w",
              reportingReplicas: 1,
              running,
              started: 0,
              finished: 0,
              serviceSeconds: 0,
            },
          }),
    },
    { t: 0, staleAfterSeconds: 30, waitSeconds: 10 },
  ),
  ready: broker.ready ?? 0,
});

test("unacked messages beyond the slots of their consumers only wait: 1 consumer x 2 slots of 100", () => {
  expect(backlogOf([queue({ ready: 5, unacked: 100, consumers: 1 })], fleet(1), 2)).toEqual({
    waiting: 103,
    inSystem: 105,
    running: 2,
  });
});

test("a draining replica has no consumer, still runs its jobs, and they do not press on the others", () => {
  expect(backlogOf([queue({ unacked: 6, consumers: 2 })], fleet(2, 1), 2)).toEqual({
    waiting: 0,
    inSystem: 4,
    running: 6,
  });
});

test("unknown consumers count as the ready replicas", () => {
  expect(backlogOf([queue({ unacked: 9 })], fleet(3), 2)).toMatchObject({ waiting: 3, running: 6 });
});

test("without unacked the workers tell, without them every slot runs while jobs wait", () => {
  expect(backlogOf([queue({ ready: 1 }, 3)], fleet(4), 1)).toEqual({ waiting: 1, inSystem: 4, running: 3 });
  expect(backlogOf([queue({ ready: 1 })], fleet(4), 1)).toMatchObject({ running: 4 });
  expect(backlogOf([queue({})], fleet(4), 1)).toEqual({ waiting: 0, inSystem: 0, running: 0 });
});

test("queues that share slots cannot run more together than there are", () => {
  const both = [queue({ unacked: 4, consumers: 4 }), queue({ unacked: 4, consumers: 4 })];
  expect(backlogOf(both, fleet(4), 1)).toEqual({ waiting: 4, inSystem: 8, running: 4 });
});

test("consumers of replicas that are wanted and not Ready run their jobs; of more than are wanted they do not", () => {
  const lost = { ...fleet(0), desired: 4 };
  expect(backlogOf([queue({ unacked: 4, consumers: 4 })], lost, 1)).toMatchObject({ waiting: 0, running: 4 });
  const few = { ...fleet(1), desired: 2 };
  expect(backlogOf([queue({ unacked: 4, consumers: 4 })], few, 1)).toMatchObject({ waiting: 2, running: 2 });
});

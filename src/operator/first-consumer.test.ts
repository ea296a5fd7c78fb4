import { expect, test } from "vitest";
import type { Readings } from "../control/contract.ts";
import { FirstConsumer } from "./first-consumer.ts";

type Moment = { readonly desired?: number; readonly ready?: number; readonly consumers?: number | undefined };

const readings = ({ desired = 1, ready = 0, consumers }: Moment): Readings => ({
  queues: [
    {
      id: "q",
      broker: { ageSeconds: 0, epoch: "1", ready: 1, ...(consumers !== undefined && { consumers }) },
    },
  ],
  slotSharing: "shared",
  fleet: { desired, ready, draining: 0, starting: [], uncreated: 0, rollout: false },
  startup: { readySeconds: { p50: 3, p95: 4, count: 5 }, schedulingSeconds: { p50: 1, p95: 1, count: 5 } },
});
/** One look a second. */
const startupAfter = (...moments: readonly Moment[]) => {
  const watched = new FirstConsumer();
  moments.forEach((moment, second) => watched.look(readings(moment), second * 1_000));
  return watched.withStartup(readings({})).startup;
};
const zero = { desired: 0, consumers: 0 };
const asTold = readings({}).startup;

test("from zero, the time from Ready to the first consumer belongs to the start-up", () => {
  const startup = startupAfter(
    zero,
    { consumers: 0 },
    { ready: 1, consumers: 0 },
    { ready: 1, consumers: 0 },
    { ready: 1, consumers: 1 },
  );
  expect(startup).toEqual({ ...asTold, readySeconds: { p50: 5, p95: 6, count: 5 } });
});

test("a consumer that is there when the replica is Ready, or before, adds nothing", () => {
  expect(startupAfter(zero, { consumers: 0 }, { ready: 1, consumers: 1 })).toEqual(asTold);
  expect(startupAfter(zero, { consumers: 1 }, { ready: 1, consumers: 1 })).toEqual(asTold);
});

test("only a start from zero counts, where no old consumer is left", () => {
  expect(
    startupAfter({ ready: 1, consumers: 0 }, { ready: 1, consumers: 0 }, { ready: 1, consumers: 1 }),
  ).toEqual(asTold);
  expect(
    startupAfter(
      { desired: 0, consumers: 1 },
      { ready: 1, consumers: 0 },
      { ready: 1, consumers: 0 },
      { ready: 1, consumers: 1 },
    ),
  ).toEqual(asTold);
});

test("a start during which the consumers were not known does not count", () => {
  expect(
    startupAfter(
      zero,
      { ready: 1, consumers: 0 },
      { ready: 1 },
      { ready: 1, consumers: 0 },
      { ready: 1, consumers: 1 },
    ),
  ).toEqual(asTold);
});

test("of several starts the median and the slowest count; where nothing is known of the start-up, nothing is added", () => {
  const watched = new FirstConsumer();
  let ms = 0;
  for (const lag of [1, 2, 9]) {
    watched.look(readings(zero), (ms += 1_000));
    watched.look(readings({ ready: 1, consumers: 0 }), (ms += 1_000));
    watched.look(readings({ ready: 1, consumers: 1 }), (ms += lag * 1_000));
  }
  expect(watched.withStartup(readings({})).startup?.readySeconds).toEqual({ p50: 5, p95: 13, count: 5 });
  const { startup: _startup, ...without } = readings({});
  expect(watched.withStartup(without)).toBe(without);
});

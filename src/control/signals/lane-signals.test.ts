import { expect, test } from "vitest";
import { cleanQueue } from "./clean-readings.ts";
import { newLaneSignals, readQueues, withStarts, withTotal } from "./lane-signals.ts";

const horizon = { waitSeconds: 10, startupSeconds: 10, mostPoints: 80 };

test("while jobs wait the slots' throughput is guessed to start, else what arrives", () => {
  const signals = { ...newLaneSignals(0), perSecond: 3 };
  const guess = { t: 2, elapsed: 2, capacityPerSecond: 8 };
  expect(withStarts(signals, { ...guess, waiting: true }).starts.values.at(-1)).toBe(16);
  expect(withStarts(signals, { ...guess, waiting: false }).starts.values.at(-1)).toBe(6);
});

test("a steady flow is known after a second, with the variance of its window", () => {
  let signals = newLaneSignals(0);
  let result = withTotal(signals, 0, { ...horizon, t: 0 });
  expect(result.arrivals).toMatchObject({ known: false, rate: { perSecond: 0 } });
  for (let t = 2; t <= 60; t += 2) {
    result = withTotal(result.signals, 10, { ...horizon, t });
    signals = result.signals;
  }
  expect(result.arrivals.known).toBe(true);
  expect(result.arrivals.rate.perSecond).toBeCloseTo(5, 6);
  expect(result.arrivals.variance).toBeLessThan(0.35 ** 2 * 25);
  expect(signals.total).toBe(300);
});

test("guesses are shared out by the queues' own rates, evenly while those are unknown", () => {
  const moment = { t: 2, elapsed: 2, staleAfterSeconds: 30, bornAt: 0 };
  const signals = withStarts(newLaneSignals(0), { t: 0, elapsed: 0, waiting: false, capacityPerSecond: 0 });
  const busy = withStarts(signals, { t: 2, elapsed: 2, waiting: true, capacityPerSecond: 6 });
  const queues = ["a", "b"].map((id) =>
    cleanQueue(
      { id, broker: { ageSeconds: 0, epoch: "b", ready: 0 } },
      { t: 2, staleAfterSeconds: 30, waitSeconds: 10 },
    ),
  );
  const first = readQueues(busy, queues, new Map(), moment);
  expect(first.map(({ flow }) => flow.arrived)).toEqual([6, 6]);
  const memories = new Map(
    first.map(({ memory }, i) => [memory.key, { ...memory, perSecond: i === 0 ? 3 : 1 }]),
  );
  expect(readQueues(busy, queues, memories, moment).map(({ flow }) => flow.arrived)).toEqual([9, 3]);
});

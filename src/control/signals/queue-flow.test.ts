import { describe, expect, test } from "vitest";
import type { BrokerReading, WorkersReading } from "../contract.ts";
import { cleanQueue } from "./clean-readings.ts";
import { newQueue, type QueueMemory, readQueue } from "./queue-flow.ts";

const broker = (part: Partial<BrokerReading> = {}): BrokerReading => ({
  ageSeconds: 0,
  epoch: "b",
  ready: 0,
  ...part,
});
const workers = (part: Partial<WorkersReading> = {}): WorkersReading => ({
  ageSeconds: 0,
  epoch: "w",
  reportingReplicas: 1,
  running: 0,
  started: 0,
  finished: 0,
  serviceSeconds: 0,
  ...part,
});

/** Reads at t = 2, 4, 6 ...; no rate is known and nothing is guessed to have started unless told. */
const read = (
  readings: readonly { broker?: BrokerReading; workers?: WorkersReading }[],
  hint: { perSecond?: number; startedPerSecond?: number } = {},
) => {
  let memory: QueueMemory = newQueue("q", 0);
  return readings.map((reading, i) => {
    const t = 2 * (i + 1);
    const queue = cleanQueue({ id: "q", ...reading }, { t, staleAfterSeconds: 30, waitSeconds: 10 });
    const result = readQueue(memory, queue, {
      t,
      elapsed: 2,
      perSecond: hint.perSecond ?? 0,
      startedSince: (at) => (t - at) * (hint.startedPerSecond ?? 0),
      staleAfterSeconds: 30,
    });
    memory = result.memory;
    return result;
  });
};
const arrived = (...args: Parameters<typeof read>): readonly number[] =>
  read(...args).map(({ flow }) => flow.arrived);

describe("arrivals", () => {
  test("are the published messages where the broker counts them", () => {
    expect(
      arrived([100, 107, 107].map((published) => ({ broker: broker({ published, ready: 3 }) }))),
    ).toEqual([0, 7, 0]);
  });

  test("are the started jobs and the growth of the backlog where the workers count", () => {
    const readings = [
      { broker: broker({ ready: 5 }), workers: workers({ started: 10 }) },
      { broker: broker({ ready: 8 }), workers: workers({ started: 14 }) },
    ];
    expect(arrived(readings)).toEqual([0, 7]);
  });

  test("include a guess of what started since the workers were scraped", () => {
    const readings = [
      { broker: broker(), workers: workers({ started: 10, ageSeconds: 0 }) },
      { broker: broker(), workers: workers({ started: 10, ageSeconds: 2 }) },
      { broker: broker(), workers: workers({ started: 19, ageSeconds: 0 }) },
    ];
    expect(arrived(readings, { startedPerSecond: 2 })).toEqual([0, 4, 4.5]);
  });

  test("are settled, unacked and ready messages where nothing else is known", () => {
    const at = (settled: number, unacked: number, ready: number) => ({
      broker: broker({ settled, unacked, ready }),
    });
    expect(arrived([at(50, 4, 0), at(53, 4, 6)])).toEqual([0, 9]);
  });

  test("are inferred from the backlog without any counter, never less than none", () => {
    const at = (ready: number) => ({ broker: broker({ ready }) });
    expect(arrived([at(10), at(14), at(0)], { startedPerSecond: 3 })).toEqual([16, 10, 0]);
  });

  test("go on at the known rate while nothing is read", () => {
    expect(arrived([{}, {}], { perSecond: 4 })).toEqual([8, 8]);
  });
});

describe("a counter that cannot be followed", () => {
  const bridged = (first: BrokerReading, second: BrokerReading) =>
    arrived(
      [
        { broker: first },
        { broker: second },
        { broker: { ...second, published: (second.published ?? 0) + 3 } },
      ],
      {
        perSecond: 5,
      },
    );

  test("that falls, or begins a new epoch, is bridged with the rate, and followed from there", () => {
    expect(bridged(broker({ published: 900 }), broker({ published: 4 }))).toEqual([10, 10, 3]);
    expect(bridged(broker({ published: 900 }), broker({ published: 999, epoch: "new" }))).toEqual([
      10, 10, 3,
    ]);
  });

  test("of the workers after a long silence is not taken for a burst", () => {
    const silent = Array.from({ length: 20 }, () => ({ broker: broker() }));
    const readings = [
      { broker: broker(), workers: workers({ started: 10 }) },
      ...silent,
      { broker: broker(), workers: workers({ started: 5000 }) },
    ];
    expect(arrived(readings, { perSecond: 1 }).at(-1)).toBe(2);
  });
});

describe("what happened", () => {
  test("is the growth of each counter within an epoch, and unknown across epochs", () => {
    const waits = (late: number, total: number) => ({ edgesSeconds: [10], counts: [total - late, total] });
    const [first, second, third] = read([
      { broker: broker({ settled: 1 }), workers: workers({ waits: waits(0, 1), busySeconds: 1 }) },
      {
        broker: broker({ settled: 4 }),
        workers: workers({ started: 5, finished: 3, serviceSeconds: 6, busySeconds: 9, waits: waits(2, 6) }),
      },
      { broker: broker({ settled: 9, epoch: "n" }), workers: workers({ started: 9, epoch: "n" }) },
    ]);
    expect(first?.flow).toMatchObject({ started: undefined, settled: undefined, moved: false });
    expect(second?.flow).toMatchObject({
      started: 5,
      finished: 3,
      serviceSeconds: 6,
      busySeconds: 8,
      settled: 3,
      late: 2,
      waited: 5,
      moved: true,
    });
    expect(third?.flow).toMatchObject({
      started: undefined,
      settled: undefined,
      late: undefined,
      moved: false,
    });
  });

  test("remembers when the ready count was last known", () => {
    const results = read([
      { broker: broker({ ageSeconds: 1 }) },
      {},
      { broker: broker({ ageSeconds: 5.5 }) },
    ]);
    expect(results.map(({ memory }) => memory.knownAt)).toEqual([1, 1, 1]);
  });

  test("no time passing leaves the queue's own rate as it was", () => {
    const { memory } = readQueue(
      { ...newQueue("q", 0), perSecond: 3 },
      cleanQueue({ id: "q", broker: broker() }, { t: 0, staleAfterSeconds: 30, waitSeconds: 10 }),
      { t: 0, elapsed: 0, perSecond: 3, startedSince: () => 0, staleAfterSeconds: 30 },
    );
    expect(memory.perSecond).toBe(3);
  });
});

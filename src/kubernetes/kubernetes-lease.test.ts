import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryLeaseRecords } from "../../test/fakes/memory-lease-records.ts";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import { KubernetesLease } from "./kubernetes-lease.ts";
import type { LeaseRecord } from "./lease-records.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Contenders for one record; their wall clocks differ by an hour each. */
const setup = (count: number) => {
  const records = new MemoryLeaseRecords();
  const contenders = Array.from({ length: count }, (_none, number) => {
    const view = records.view();
    const process = { stoppedMs: 0 };
    const logger = new RecordingLogger();
    const lease = new KubernetesLease({
      records: view,
      identity: `operator-${number}`,
      logger,
      monotonicMs: () => performance.now() + process.stoppedMs,
      nowMs: () => Date.now() + number * 3_600_000,
    });
    return { lease, view, process, logger };
  });
  const held = () => contenders.map(({ lease }) => lease.isHeld);
  return { records, contenders, held };
};
const two = async () => {
  const { records, contenders, held } = setup(2);
  const [a, b] = contenders;
  if (a === undefined || b === undefined) throw new Error("two were asked for");
  await a.lease.start();
  await b.lease.start();
  return { records, a, b, held };
};
const heldBy = (holder: string): LeaseRecord => ({
  version: "by hand",
  holder,
  durationMs: 15_000,
  acquiredMs: 0,
  renewedMs: 0,
  transitions: 0,
});
const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000);

test("the first leads from its start on, and renews every two seconds; the second follows", async () => {
  const { records, held } = await two();
  expect(held()).toEqual([true, false]);
  const { writes } = records;
  await seconds(60);
  expect(held()).toEqual([true, false]);
  expect(records.writes - writes).toBe(30);
  expect(records.record).toMatchObject({ holder: "operator-0", transitions: 0 });
});

test("given back, it is taken at the next look, whatever the clocks say", async () => {
  const { records, a, b } = await two();
  await a.lease.stop();
  expect(a.lease.isHeld).toBe(false);
  await seconds(0.6);
  expect(b.lease.isHeld).toBe(true);
  expect(records.record).toMatchObject({ holder: "operator-1", transitions: 1 });
  expect(b.lease.transitions).toBe(1);
});

test("a leader without answers stops acting ten seconds after its last renewal; four later another takes over", async () => {
  const { a, held } = await two();
  await seconds(2);
  a.view.trouble = "lost";
  await seconds(9.9);
  expect(held()).toEqual([true, false]);
  await seconds(0.2);
  expect(held()).toEqual([false, false]);
  await seconds(3.8);
  expect(held()).toEqual([false, false]);
  await seconds(0.7);
  expect(held()).toEqual([false, true]);
});

test("a leader that died is followed so that half a second of the fifteen is left to act in", async () => {
  const { contenders } = setup(2);
  const [a, b] = contenders;
  if (a === undefined || b === undefined) throw new Error("two were asked for");
  await a.lease.start();
  await seconds(0.25);
  await b.lease.start();
  await seconds(3.8);
  // Renewed at 4 s; what a dead process believes does not matter any more.
  a.view.trouble = "lost";
  await seconds(13.9);
  expect(b.lease.isHeld).toBe(false);
  await seconds(0.5);
  expect(b.lease.isHeld).toBe(true);
});

test("the record is taken when it has run out, not at the next look after that", async () => {
  const { records, contenders } = setup(1);
  const [only] = contenders;
  if (only === undefined) throw new Error("one was asked for");
  await seconds(0.2);
  records.record = { ...heldBy("somebody"), durationMs: 20_300 };
  await only.lease.start();
  // Half a second ahead of 20.3 s: between two looks.
  await seconds(19.79);
  expect(only.lease.isHeld).toBe(false);
  await seconds(0.02);
  expect(only.lease.isHeld).toBe(true);
});

test("one that waits is told at once that it leads now", async () => {
  const { a, b, held } = await two();
  const told: boolean[] = [];
  b.lease.onGained(() => told.push(b.lease.isHeld));
  await a.lease.stop();
  await seconds(2);
  expect(held()).toEqual([false, true]);
  expect(told).toEqual([true]);
});

test("a leader that missed two renewals is overdue to those who follow, until it renews or they lead", async () => {
  const { a, b } = await two();
  await seconds(60);
  expect([a.lease.isOverdue, b.lease.isOverdue]).toEqual([false, false]);
  a.view.trouble = "lost";
  await seconds(4.5);
  expect(b.lease.isOverdue).toBe(false);
  await seconds(2);
  expect(b.lease.isOverdue).toBe(true);
  a.view.trouble = "none";
  await seconds(1);
  expect(b.lease.isOverdue).toBe(false);
  a.view.trouble = "lost";
  await seconds(16);
  expect([b.lease.isHeld, b.lease.isOverdue]).toEqual([true, false]);
});

test("a process that was stopped for a minute does not believe that it still leads", async () => {
  const { a } = await two();
  a.process.stoppedMs += 60_000;
  expect(a.lease.isHeld).toBe(false);
  await seconds(2);
  expect(a.lease.isHeld).toBe(true);
});

test("stopped for so long that another leads, it follows", async () => {
  const { a, b, held } = await two();
  a.view.trouble = "lost";
  await seconds(20);
  a.process.stoppedMs += 60_000;
  a.view.trouble = "none";
  await seconds(5);
  expect(held()).toEqual([false, true]);
  expect(b.lease.holder).toBe("operator-1");
  expect(a.lease.holder).toBe("operator-1");
});

test("a renewal whose answer was lost is found at the next look, and the lead is kept", async () => {
  const { records, a, held } = await two();
  a.view.trouble = "unanswered";
  await seconds(3);
  expect(records.writes).toBeGreaterThan(1);
  a.view.trouble = "none";
  for (let step = 0; step < 100; step += 1) {
    await seconds(0.1);
    expect(held()).toEqual([true, false]);
  }
  expect(records.record?.transitions).toBe(0);
});

test("a lease that a person gave to somebody else is respected at the next renewal", async () => {
  const { records, a, held } = await two();
  if (records.record !== undefined)
    records.record = { ...records.record, holder: "somebody", version: "by hand" };
  await seconds(3);
  expect(a.lease.isHeld).toBe(false);
  await seconds(11);
  expect(held()).toEqual([false, false]);
  await seconds(5);
  expect(held().filter(Boolean)).toEqual([true]);
});

test("a record that was deleted is made anew by its holder, and taken by nobody else", async () => {
  const { records, a } = await two();
  records.record = undefined;
  await seconds(4);
  expect([records.record]).toMatchObject([{ holder: "operator-0" }]);
  expect(a.lease.isHeld).toBe(true);
});

test("what goes wrong is told once, and again when it is over", async () => {
  const { a } = await two();
  a.view.trouble = "lost";
  await seconds(9);
  a.view.trouble = "none";
  await seconds(3);
  expect(a.logger.lines.map(({ message }) => message)).toEqual([
    "leading",
    "lease could not be read or renewed",
    "lease answers again",
  ]);
});

test("one that never had an answer could not lead, and says why; one that had waits a lease first", async () => {
  const { contenders } = setup(1);
  const [only] = contenders;
  if (only === undefined) throw new Error("one was asked for");
  only.view.trouble = "lost";
  await only.lease.start();
  expect(only.lease.blockedBecause).toBe("no answer");
  only.view.trouble = "none";
  await seconds(1);
  expect(only.lease.blockedBecause).toBeUndefined();
  only.view.trouble = "lost";
  await seconds(14);
  expect(only.lease.blockedBecause).toBeUndefined();
  await seconds(4);
  expect(only.lease.blockedBecause).toBe("no answer");
});

test("stop is safe before start and more than once, and nothing is written afterwards", async () => {
  const { records, contenders } = setup(1);
  const [only] = contenders;
  await only?.lease.stop();
  await only?.lease.start();
  await only?.lease.stop();
  await only?.lease.stop();
  const { writes } = records;
  await seconds(60);
  expect(records.writes).toBe(writes);
  expect(vi.getTimerCount()).toBe(0);
});

test("whatever is lost, unanswered, frozen or deleted, never two lead at one time; and with all well one leads", async () => {
  const trouble = fc.record({
    who: fc.nat(2),
    what: fc.constantFrom("none", "lost", "unanswered", "frozen", "deleted"),
    forSeconds: fc.integer({ min: 1, max: 30 }),
  } as const);
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { maxLength: 12 }), async (troubles) => {
      const { records, contenders, held } = setup(3);
      await Promise.all(contenders.map(({ lease }) => lease.start()));
      const walk = async (forSeconds: number) => {
        for (let tenth = 0; tenth < forSeconds * 10; tenth += 1) {
          await seconds(0.1);
          expect(held().filter(Boolean).length).toBeLessThanOrEqual(1);
        }
      };
      // One that never saw the record takes its absence for a first start.
      await walk(1);
      for (const { who, what, forSeconds } of troubles) {
        const contender = contenders[who];
        if (contender === undefined) continue;
        if (what === "deleted") records.record = undefined;
        else contender.view.trouble = what;
        await walk(forSeconds);
      }
      for (const { view } of contenders) view.trouble = "none";
      await walk(17);
      expect(held().filter(Boolean)).toEqual([true]);
      await Promise.all(contenders.map(({ lease }) => lease.stop()));
    }),
    { numRuns: 40 },
  );
}, 60_000);

import fc from "fast-check";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { apply, newJobRow } from "../../../kit/src/job/apply.ts";
import type { JobEvent, JobEventKind } from "../../../kit/src/job/job-event.ts";
import { MemoryJobStore } from "../../../src/store/memory-job-store.ts";
import { migrate, SchemaMismatchError } from "../../../src/store/migrate.ts";
import { PostgresJobStore } from "../../../src/store/postgres-job-store.ts";
import { freshDatabase } from "../../support/fresh-database.ts";
import { eventOf, jobStoreSuite, newJob, type StoreUnderTest } from "./job-store-suite.ts";

describe("the store in memory", () => {
  jobStoreSuite(async (): Promise<StoreUnderTest> => {
    let nowMs = 1_000_000;
    const store = new MemoryJobStore({ leaseMs: 60_000, nowMs: () => nowMs });
    return {
      store,
      expireLeases: async () => {
        nowMs += 120_000;
      },
    };
  });
});

describe("the store on Postgres", () => {
  const pools: Pool[] = [];
  let url = "";

  const newPool = (max = 5): Pool => {
    const pool = new Pool({ connectionString: url, max, statement_timeout: 10_000 });
    pools.push(pool);
    return pool;
  };
  const setup = async () => {
    const pool = newPool();
    await pool.query("TRUNCATE jobs");
    const store = new PostgresJobStore(pool, { leaseMs: 60_000 });
    const expireLeases = async (): Promise<void> => {
      await pool.query(
        "UPDATE jobs SET lease_until = lease_until - interval '1 hour' WHERE lease_until IS NOT NULL",
      );
    };
    return { pool, store, expireLeases };
  };

  beforeAll(async () => {
    url = await freshDatabase();
    await migrate(newPool());
  });
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });
  afterAll(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });

  jobStoreSuite(setup);

  test("gateways that start together migrate once", async () => {
    url = await freshDatabase();
    const applied = await Promise.all([newPool(), newPool(), newPool()].map((pool) => migrate(pool)));
    expect(applied.flat()).toEqual([1]);
    expect(await migrate(newPool())).toEqual([]);
  });

  test("a failed step leaves nothing behind, and a schema of a newer version is refused", async () => {
    const previous = url;
    url = await freshDatabase();
    const pool = newPool();
    const good = { version: 1, name: "good", sql: "CREATE TABLE good (id integer)" };
    const bad = { version: 2, name: "bad", sql: "CREATE TABLE bad (id nonsense)" };
    await expect(migrate(pool, [good, bad])).rejects.toThrow("nonsense");
    expect((await pool.query("SELECT to_regclass('good') AS found")).rows).toEqual([{ found: null }]);
    await migrate(pool, [good]);
    await expect(migrate(pool, [])).rejects.toBeInstanceOf(SchemaMismatchError);
    url = previous;
  });

  test("two gateways lease each row once", async () => {
    const { store, pool, expireLeases } = await setup();
    const other = new PostgresJobStore(newPool(), { leaseMs: 60_000 });
    const jobs = Array.from({ length: 300 }, () => newJob());
    await Promise.all(jobs.map((job) => store.insert(job)));
    await expireLeases();
    const holder = await pool.connect(); // rows locked by somebody else are passed over, not waited for
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE", [jobs[0]?.id]);
    const leased = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => (turn % 2 === 0 ? store : other).leaseUnpublished(20, 60_000)),
    );
    await holder.query("ROLLBACK");
    holder.release();
    const ids = leased.flat().map((job) => job.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(jobs[0]?.id);
    expect(ids.length).toBe(299);
  });

  test("two gateways that write the same rows in opposite orders both end", async () => {
    const { store } = await setup();
    const other = new PostgresJobStore(newPool(), { leaseMs: 60_000 });
    const jobs = Array.from({ length: 200 }, () => newJob());
    await Promise.all(jobs.map((job) => store.insert(job)));
    const events = jobs.map((job) => eventOf(job.id, "started"));
    const rounds = Array.from({ length: 10 }, (_, round) => {
      const ordered = round % 2 === 0 ? jobs : jobs.toReversed();
      return Promise.all([
        ...ordered.map((job) => (round % 2 === 0 ? store : other).markPublished(job.id)),
        (round % 2 === 0 ? other : store).applyEvents(round % 2 === 0 ? events : events.toReversed()),
      ]);
    });
    await Promise.all(rounds);
    expect((await store.countByStatus()).running).toBe(200);
  });

  test("the SQL is kit's apply for events in any order, repeated, split and told to several gateways", async () => {
    const { store } = await setup();
    const other = new PostgresJobStore(newPool(), { leaseMs: 60_000 });
    const kinds: JobEventKind[] = [
      "started",
      "interrupted",
      "snoozed",
      "failed",
      "dead_lettered",
      "succeeded",
    ];
    const arbitraryEvent = fc.record({
      run: fc.integer({ min: 1, max: 3 }),
      attempt: fc.integer({ min: 1, max: 3 }),
      kind: fc.constantFrom(...kinds),
      atMs: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double({ noNaN: true, min: -8.64e15, max: 8.64e15 })),
      worker: fc.option(fc.string({ unit: fc.constantFrom("a", "B", "z", "-", "0") }), { nil: undefined }),
      result: fc.option(fc.jsonValue(), { nil: undefined }),
      error: fc.option(fc.record({ code: fc.string(), message: fc.string() }), { nil: undefined }),
    });
    const told = fc
      .array(arbitraryEvent, { minLength: 1, maxLength: 8 })
      .chain((events) =>
        fc.tuple(
          fc.constant(events),
          fc.shuffledSubarray([...events, ...events], { minLength: events.length }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(told, async ([events, shuffled]) => {
        const job = newJob();
        await store.insert(job);
        const eventsOf = (changes: typeof events): JobEvent[] =>
          changes.map(({ worker, result, error, ...event }) => ({
            id: job.id,
            type: job.type,
            ...event,
            ...(worker === undefined ? {} : { worker }),
            ...(result === undefined ? {} : { result }),
            ...(error === undefined ? {} : { error }),
          }));
        const repeated = eventsOf(shuffled);
        const half = Math.floor(repeated.length / 2);
        await Promise.all([
          store.applyEvents(repeated.slice(0, half)),
          other.applyEvents(repeated.slice(half)),
          ...repeated.slice(0, 2).map((event) => other.applyEvents([event])),
        ]);
        const expected = repeated.reduce(apply, newJobRow(job.id, job.type));
        const found = await store.find(job.id);
        expect({ ...found, result: JSON.stringify(found?.result), publishedAtMs: 0 }).toEqual({
          id: job.id,
          type: job.type,
          status: expected.status,
          run: expected.position.run,
          attempt: expected.position.attempt,
          submittedAtMs: job.submittedAtMs,
          publishedAtMs: 0,
          lastEventAtMs: expected.position.atMs + 0, // Postgres has one zero
          worker: expected.worker,
          error: expected.error,
          result: JSON.stringify(expected.result),
        });
        expect(found?.publishedAtMs).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });
});

import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { JobEvent, JobEventKind } from "../../../kit/src/job/job-event.ts";
import { uuidV7 } from "../../../kit/src/job/uuid-v7.ts";
import type { JobStore, NewJob } from "../../../src/gateway/ports.ts";

export type StoreUnderTest = {
  readonly store: JobStore;
  /** Makes every lease that runs now be over. */
  readonly expireLeases: () => Promise<void>;
};

let submittedAtMs = 1_700_000_000_000;

export function newJob(changes: Partial<NewJob> = {}): NewJob {
  submittedAtMs += 1;
  return {
    id: uuidV7(submittedAtMs, randomBytes(10)),
    type: "sleep",
    subject: "anonymous",
    payload: '{"seconds":1}',
    traceparent: undefined,
    submittedAtMs,
    idempotency: undefined,
    ...changes,
  };
}

export function eventOf(id: string, kind: JobEventKind, changes: Partial<JobEvent> = {}): JobEvent {
  return { id, type: "sleep", run: 1, attempt: 1, kind, atMs: 1_700_000_100_000, worker: "w1", ...changes };
}

const KEY = { key: "order-1", inputHash: "hash-a" };

/** What every JobStore must do. */
export function jobStoreSuite(setup: () => Promise<StoreUnderTest>): void {
  test("a new job is queued, unpublished, and found by its id in any case", async () => {
    const { store } = await setup();
    const job = newJob();
    expect(await store.insert(job)).toEqual({ kind: "inserted" });
    const expected = {
      id: job.id,
      type: "sleep",
      status: "queued",
      run: 1,
      attempt: 0,
      submittedAtMs: job.submittedAtMs,
    };
    expect(await store.find(job.id)).toMatchObject(expected);
    expect(await store.find(job.id.toUpperCase())).toMatchObject(expected);
    expect((await store.find(job.id))?.publishedAtMs).toBeUndefined();
  });

  test("an id without a row, and text that is no id, are found as nothing", async () => {
    const { store } = await setup();
    expect(await store.find(newJob().id)).toBeUndefined();
    expect(await store.find("' or 1=1")).toBeUndefined();
  });

  test("a mark sets the time of publishing once, and repeats keep it", async () => {
    const { store } = await setup();
    const job = newJob();
    await store.insert(job);
    await store.markPublished(job.id);
    const first = await store.find(job.id);
    expect(first?.publishedAtMs).toBeGreaterThan(0);
    await store.markPublished(job.id);
    expect(await store.find(job.id)).toEqual(first);
  });

  test("the same key with the same input answers the first job and writes nothing", async () => {
    const { store } = await setup();
    const first = newJob({ idempotency: KEY });
    const second = newJob({ idempotency: KEY });
    await store.insert(first);
    expect(await store.insert(second)).toEqual({ kind: "replayed", id: first.id });
    expect(await store.find(second.id)).toBeUndefined();
  });

  test("the same key with another input is a conflict", async () => {
    const { store } = await setup();
    const first = newJob({ idempotency: KEY });
    await store.insert(first);
    const second = newJob({ idempotency: { ...KEY, inputHash: "hash-b" } });
    expect(await store.insert(second)).toEqual({ kind: "conflict", id: first.id });
  });

  test("a key is one subject's and one type's own", async () => {
    const { store } = await setup();
    await store.insert(newJob({ idempotency: KEY }));
    expect(await store.insert(newJob({ idempotency: KEY, subject: "other" }))).toEqual({ kind: "inserted" });
    expect(await store.insert(newJob({ idempotency: KEY, type: "email" }))).toEqual({ kind: "inserted" });
  });

  test("of submissions at one time with one key exactly one is inserted", async () => {
    const { store } = await setup();
    const jobs = Array.from({ length: 40 }, (_, index) =>
      newJob({ idempotency: { key: `key-${index % 4}`, inputHash: "same" } }),
    );
    const outcomes = await Promise.all(jobs.map((job) => store.insert(job)));
    expect(outcomes.filter((outcome) => outcome.kind === "inserted")).toHaveLength(4);
    expect(outcomes.filter((outcome) => outcome.kind === "replayed")).toHaveLength(36);
  });

  test("a rejected job stays rejected, whatever is told of it, and frees its key", async () => {
    const { store, expireLeases } = await setup();
    const job = newJob({ idempotency: KEY });
    await store.insert(job);
    await store.reject(job.id);
    await store.markPublished(job.id);
    await store.applyEvents([eventOf(job.id, "succeeded")]);
    expect(await store.find(job.id)).toMatchObject({ status: "rejected", publishedAtMs: undefined });
    await expireLeases();
    expect(await store.leaseUnpublished(10, 60_000)).toEqual([]);
    expect(await store.insert(newJob({ idempotency: KEY }))).toEqual({ kind: "inserted" });
  });

  test("a published job cannot be rejected", async () => {
    const { store } = await setup();
    const job = newJob();
    await store.insert(job);
    await store.markPublished(job.id);
    await store.reject(job.id);
    expect((await store.find(job.id))?.status).toBe("queued");
  });

  test("an event moves the row and marks it published", async () => {
    const { store } = await setup();
    const job = newJob();
    await store.insert(job);
    await store.applyEvents([eventOf(job.id, "succeeded", { result: { sent: ["ä\u0000", 1] } })]);
    expect(await store.find(job.id)).toMatchObject({
      status: "succeeded",
      attempt: 1,
      worker: "w1",
      result: { sent: ["ä\u0000", 1] },
      lastEventAtMs: 1_700_000_100_000,
      publishedAtMs: expect.any(Number),
    });
  });

  test("events of unknown jobs, foreign ids and hostile values leave the others' unharmed", async () => {
    const { store } = await setup();
    const job = newJob();
    await store.insert(job);
    await store.applyEvents([
      eventOf(newJob().id, "started"),
      eventOf("order 7", "started"),
      eventOf(job.id, "started", { run: 1e300 }),
      eventOf(job.id, "started", { attempt: 2 ** 40 }),
      eventOf(job.id, "started", { atMs: 1e300 }),
      eventOf(job.id, "failed", { worker: "w\u0000" }),
      eventOf(job.id, "started"),
    ]);
    expect(await store.find(job.id)).toMatchObject({ status: "running", run: 1, attempt: 1, worker: "w1" });
  });

  test("only unpublished rows whose lease ran out are leased, the oldest lease first, up to the limit", async () => {
    const { store, expireLeases } = await setup();
    const jobs = [newJob({ traceparent: "00-a" }), newJob(), newJob(), newJob()];
    for (const job of jobs) await store.insert(job);
    expect(await store.leaseUnpublished(10, 60_000)).toEqual([]);
    const [first, second, third, published] = jobs;
    await store.markPublished(published?.id ?? "");
    await expireLeases();
    expect(await store.leaseUnpublished(2, 60_000)).toEqual(
      expect.arrayContaining(
        [first, second].map((job) => ({
          id: job?.id,
          type: "sleep",
          payload: '{"seconds":1}',
          traceparent: job?.traceparent,
          submittedAtMs: job?.submittedAtMs,
        })),
      ),
    );
    expect(await store.leaseUnpublished(10, 60_000)).toMatchObject([{ id: third?.id }]);
    expect(await store.leaseUnpublished(10, 60_000)).toEqual([]);
  });

  test("counts by status name every status, and statuses of ids leave out what has no row", async () => {
    const { store } = await setup();
    const [queued, done, refused] = [newJob(), newJob(), newJob()];
    for (const job of [queued, done, refused]) await store.insert(job);
    await store.applyEvents([eventOf(done.id, "succeeded")]);
    await store.reject(refused.id);
    expect(await store.countByStatus()).toEqual({
      queued: 1,
      running: 0,
      retrying: 0,
      succeeded: 1,
      dead_lettered: 0,
      rejected: 1,
    });
    const statuses = await store.statusesOf([queued.id, done.id, refused.id, newJob().id, "no id"]);
    expect(Object.fromEntries(statuses)).toEqual({
      [queued.id]: "queued",
      [done.id]: "succeeded",
      [refused.id]: "rejected",
    });
  });

  test("payloads are kept byte for byte", async () => {
    const { store, expireLeases } = await setup();
    const payload = `{ "b":1.0, "a": "\\u0000\\ud800 ü", "a": ${"[".repeat(20_000)}${"]".repeat(20_000)} }`;
    await store.insert(newJob({ payload }));
    await expireLeases();
    expect((await store.leaseUnpublished(1, 60_000))[0]?.payload).toBe(payload);
  });
}

import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { silentLogger } from "../../kit/src/logger.ts";
import { MemoryJobStore } from "../store/memory-job-store.ts";
import { createGatewayMetrics } from "./metrics.ts";
import type { JobPublisher, NewJob, PublishOutcome, UnpublishedJob } from "./ports.ts";
import { Sweeper } from "./sweeper.ts";

class FakePublisher implements JobPublisher {
  readonly published: UnpublishedJob[] = [];
  now: "open" | "away" | "blocked" = "open";
  outcome: PublishOutcome = "confirmed";

  state(): "open" | "away" | "blocked" {
    return this.now;
  }

  async publish(job: UnpublishedJob): Promise<PublishOutcome> {
    this.published.push(job);
    return this.outcome;
  }
}

const LEASE_MS = 30_000;

function setup() {
  let nowMs = 1_000_000;
  const advance = (ms: number): void => {
    nowMs += ms;
  };
  const publisher = new FakePublisher();
  const store = new MemoryJobStore({ leaseMs: LEASE_MS, nowMs: () => nowMs });
  const metrics = createGatewayMetrics(new Registry());
  const deps = { store, publisher, metrics, log: silentLogger };
  const sweeper = new Sweeper(deps, { sweepPeriodMs: 5_000, leaseMs: LEASE_MS });
  const insert = async (id: string): Promise<void> => {
    const job: NewJob = {
      id,
      type: "sleep",
      subject: "s",
      payload: '{"seconds":1}',
      traceparent: "trace",
      submittedAtMs: 7,
      idempotency: undefined,
    };
    await store.insert(job);
  };
  return { sweeper, publisher, store, advance, insert };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a row is left to its gateway until its lease runs out, then published as it was submitted", async () => {
  const { sweeper, publisher, store, advance, insert } = setup();
  await insert("a");
  expect(await sweeper.sweep()).toBe(0);
  advance(LEASE_MS + 1);
  expect(await sweeper.sweep()).toBe(1);
  expect(publisher.published).toEqual([
    { id: "a", type: "sleep", payload: '{"seconds":1}', traceparent: "trace", submittedAtMs: 7 },
  ]);
  expect((await store.find("a"))?.publishedAtMs).toBeDefined();
  advance(LEASE_MS + 1);
  expect(await sweeper.sweep()).toBe(0);
});

test.each(["away", "blocked"] as const)(
  "it pauses while the broker is %s, and leases nothing",
  async (state) => {
    const { sweeper, publisher, advance, insert } = setup();
    await insert("a");
    advance(LEASE_MS + 1);
    publisher.now = state;
    expect(await sweeper.sweep()).toBe(0);
    publisher.now = "open";
    expect(await sweeper.sweep()).toBe(1);
  },
);

test.each(["full", "unroutable", "unknown", "away", "blocked"] as const)(
  "a row that comes out as %s stays, and is tried again after another lease",
  async (outcome) => {
    const { sweeper, publisher, store, advance, insert } = setup();
    await insert("a");
    advance(LEASE_MS + 1);
    publisher.outcome = outcome;
    expect(await sweeper.sweep()).toBe(0);
    expect(await store.find("a")).toMatchObject({ status: "queued", publishedAtMs: undefined });
    publisher.outcome = "confirmed";
    expect(await sweeper.sweep()).toBe(0);
    advance(LEASE_MS + 1);
    expect(await sweeper.sweep()).toBe(1);
  },
);

test("one sweep takes a bounded number of rows", async () => {
  const { sweeper, publisher, advance, insert } = setup();
  for (let count = 0; count < 250; count += 1) await insert(`job-${count}`);
  advance(LEASE_MS + 1);
  await sweeper.sweep();
  expect(publisher.published).toHaveLength(200);
  await sweeper.sweep();
  expect(publisher.published).toHaveLength(250);
});

test("started, it sweeps each period, survives a store that fails, and stops for good", async () => {
  const { sweeper, publisher, store, advance, insert } = setup();
  await insert("a");
  advance(LEASE_MS + 1);
  const lease = vi.spyOn(store, "leaseUnpublished").mockRejectedValueOnce(new Error("away"));
  await sweeper.start();
  await sweeper.start();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(lease).toHaveBeenCalledTimes(1);
  expect(publisher.published).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(publisher.published).toHaveLength(1);
  await sweeper.stop();
  await sweeper.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lease).toHaveBeenCalledTimes(2);
});

import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { LinkState } from "../amqp/link.ts";
import { createWorkerMetrics } from "./metrics.ts";
import { WORKER_METRICS } from "./metric-names.ts";

const queue = "jobs.t";

const setup = (objectiveWaitSeconds: readonly number[] = []) => {
  const registry = new Registry();
  const clock = { nowMs: 1_000_000 };
  const slots = { count: 4 };
  const links: Record<string, LinkState> = { publish: "ready", consume: "waiting" };
  const metrics = createWorkerMetrics({
    registry,
    broker: "b",
    vhost: "/",
    objectiveWaitSeconds,
    queues: [{ queue, type: "t" }],
    now: () => clock.nowMs,
    slots: () => slots.count,
    linkStates: () => links,
  }).get(queue);
  if (metrics === undefined) throw new Error("no metrics for the queue");
  const value = async (line: string): Promise<number | undefined> => {
    const found = (await registry.metrics()).split("\n").find((each) => each.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.slice(line.length + 1));
  };
  return { registry, clock, slots, metrics, value };
};

const labels = `broker="b",vhost="/",queue="jobs.t"`;

test("every series is there before the first job, so that its increase is seen", async () => {
  const { registry, value } = setup();
  expect(await value(`worker_jobs_started_total{${labels},type="t"}`)).toBe(0);
  expect(await value(`worker_busy_seconds_total{${labels}}`)).toBe(0);
  for (const status of ["succeeded", "failed", "dead_lettered", "interrupted", "rejected"]) {
    expect(await value(`worker_jobs_processed_total{${labels},type="t",status="${status}"}`)).toBe(0);
  }
  expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(
    expect.arrayContaining(Object.values(WORKER_METRICS)),
  );
});

test("busy seconds grow while a job runs, not only when it has ended", async () => {
  const { clock, metrics, value } = setup();
  const job = metrics.started(undefined);
  clock.nowMs += 1_500;
  expect(await value(`worker_busy_seconds_total{${labels}}`)).toBe(1.5);
  const other = metrics.started(undefined);
  clock.nowMs += 1_000;
  expect(await value(`worker_jobs_running{${labels},type="t"}`)).toBe(2);
  metrics.ended(job, "succeeded");
  metrics.ended(other, "failed");
  clock.nowMs += 9_000;
  expect(await value(`worker_busy_seconds_total{${labels}}`)).toBe(3.5);
  expect(await value(`worker_jobs_running{${labels},type="t"}`)).toBe(0);
});

test("a job is counted once, with its service time, however often it is ended", async () => {
  const { clock, metrics, value } = setup();
  const job = metrics.started(0.2);
  clock.nowMs += 2_000;
  metrics.ended(job, "succeeded");
  metrics.ended(job, "failed");
  expect(await value(`worker_jobs_processed_total{${labels},type="t",status="succeeded"}`)).toBe(1);
  expect(await value(`worker_jobs_processed_total{${labels},type="t",status="failed"}`)).toBe(0);
  expect(await value(`worker_job_duration_seconds_sum{${labels},type="t",status="succeeded"}`)).toBe(2);
});

test("an objective's wait is a bucket edge, and a wait that is not known is not observed", async () => {
  const { metrics, value } = setup([7, 5]);
  metrics.started(6.5);
  metrics.started(undefined);
  const bucket = (edge: string) => value(`worker_job_wait_seconds_bucket{le="${edge}",${labels},type="t"}`);
  expect(await bucket("5")).toBe(0);
  expect(await bucket("7")).toBe(1);
  expect(await bucket("+Inf")).toBe(1);
});

test("the oldest running job is told while there is one", async () => {
  const { clock, metrics, value } = setup();
  const name = `worker_oldest_running_job_start_timestamp_seconds{${labels}}`;
  expect(await value(name)).toBeUndefined();
  const first = metrics.started(undefined);
  clock.nowMs += 1_000;
  const second = metrics.started(undefined);
  expect(await value(name)).toBe(1_000);
  metrics.ended(first, "succeeded");
  expect(await value(name)).toBe(1_001);
  metrics.ended(second, "succeeded");
  expect(await value(name)).toBeUndefined();
});

test("slots, depth and links are told as they are; an unknown depth is not told", async () => {
  const { slots, metrics, value } = setup();
  expect(await value(`worker_workers_running{${labels}}`)).toBe(4);
  slots.count = 0;
  expect(await value(`worker_workers_running{${labels}}`)).toBe(0);
  expect(await value(`worker_queue_depth{${labels}}`)).toBeUndefined();
  metrics.depth(17);
  expect(await value(`worker_queue_depth{${labels}}`)).toBe(17);
  metrics.depth(undefined);
  expect(await value(`worker_queue_depth{${labels}}`)).toBeUndefined();
  const link = `worker_link_state{broker="b",vhost="/",queue="",role="consume"`;
  expect(await value(`${link},state="waiting"}`)).toBe(1);
  expect(await value(`${link},state="ready"}`)).toBe(0);
});

test("jobs that no handler could run are rejected; a foreign type's name is no label", async () => {
  const { metrics, value } = setup();
  metrics.rejected("own");
  metrics.rejected("unknown");
  expect(await value(`worker_jobs_processed_total{${labels},type="t",status="rejected"}`)).toBe(1);
  expect(await value(`worker_jobs_processed_total{${labels},type="unknown",status="rejected"}`)).toBe(1);
});

test("two workers in one process keep their metrics apart", async () => {
  const one = setup();
  const two = setup();
  one.metrics.started(undefined);
  expect(await two.value(`worker_jobs_started_total{${labels},type="t"}`)).toBe(0);
});

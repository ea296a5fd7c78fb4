import { Counter, Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import type { LinkState } from "../amqp/link.ts";
import { createWorkerMetrics } from "./metrics.ts";
import { openMetricsOf } from "./open-metrics.ts";
import { WORKER_METRICS } from "./metric-names.ts";

const queue = "jobs.t";
const job = { id: "0190" };

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

test("of a job its id and trace are kept, not its payload", () => {
  const { metrics } = setup();
  const whole = {
    ...job,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    payload: "long",
  };
  const { id, traceparent } = whole;
  expect(metrics.started(whole, 0.2).job).toEqual({ id, traceparent });
});

test("busy seconds grow while a job runs, not only when it has ended", async () => {
  const { clock, metrics, value } = setup();
  const running = metrics.started(job, undefined);
  clock.nowMs += 1_500;
  expect(await value(`worker_busy_seconds_total{${labels}}`)).toBe(1.5);
  const other = metrics.started(job, undefined);
  clock.nowMs += 1_000;
  expect(await value(`worker_jobs_running{${labels},type="t"}`)).toBe(2);
  metrics.ended(running, "succeeded");
  metrics.ended(other, "failed");
  clock.nowMs += 9_000;
  expect(await value(`worker_busy_seconds_total{${labels}}`)).toBe(3.5);
  expect(await value(`worker_jobs_running{${labels},type="t"}`)).toBe(0);
});

test("a job is counted once, with its service time, however often it is ended", async () => {
  const { clock, metrics, value } = setup();
  const running = metrics.started(job, 0.2);
  clock.nowMs += 2_000;
  metrics.ended(running, "succeeded");
  metrics.ended(running, "failed");
  expect(await value(`worker_jobs_processed_total{${labels},type="t",status="succeeded"}`)).toBe(1);
  expect(await value(`worker_jobs_processed_total{${labels},type="t",status="failed"}`)).toBe(0);
  expect(await value(`worker_job_duration_seconds_sum{${labels},type="t",status="succeeded"}`)).toBe(2);
});

test("an objective's wait is a bucket edge, and a wait that is not known is not observed", async () => {
  const { metrics, value } = setup([7, 5]);
  metrics.started(job, 6.5);
  metrics.started(job, undefined);
  const bucket = (edge: string) => value(`worker_job_wait_seconds_bucket{le="${edge}",${labels},type="t"}`);
  expect(await bucket("5")).toBe(0);
  expect(await bucket("7")).toBe(1);
  expect(await bucket("+Inf")).toBe(1);
});

test("the oldest running job is told while there is one", async () => {
  const { clock, metrics, value } = setup();
  const name = `worker_oldest_running_job_start_timestamp_seconds{${labels}}`;
  expect(await value(name)).toBeUndefined();
  const first = metrics.started(job, undefined);
  clock.nowMs += 1_000;
  const second = metrics.started(job, undefined);
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

describe("OpenMetrics", () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const traced = { id: "0191", traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
  const bucketLines = async (registry: Registry, metric: string) =>
    (await openMetricsOf(registry)).split("\n").filter((line) => line.startsWith(`${metric}_bucket`));

  test("each bucket of waits and durations leads to its last job, and to its trace where it has one", async () => {
    const { registry, clock, metrics } = setup();
    const running = metrics.started(traced, 0.2);
    metrics.started({ id: "0192" }, 0.04);
    metrics.started({ id: "0193" }, 0.03);
    clock.nowMs += 2_000;
    metrics.ended(running, "succeeded");
    const waits = (await bucketLines(registry, "worker_job_wait_seconds")).filter((line) =>
      line.includes("#"),
    );
    expect(waits).toEqual([
      `worker_job_wait_seconds_bucket{le="0.05",${labels},type="t"} 2 # {job_id="0193"} 0.03 1000`,
      `worker_job_wait_seconds_bucket{le="0.25",${labels},type="t"} 3 # {job_id="0191",trace_id="${traceId}"} 0.2 1000`,
    ]);
    const durations = await bucketLines(registry, "worker_job_duration_seconds");
    expect(durations.filter((line) => line.includes("#"))).toEqual([
      `worker_job_duration_seconds_bucket{le="2.5",${labels},type="t",status="succeeded"} 1 # {job_id="0191",trace_id="${traceId}"} 2 1002`,
    ]);
  });

  test("Prometheus' own text has no exemplars and is the same after OpenMetrics was read", async () => {
    const { registry, metrics } = setup();
    metrics.ended(metrics.started(traced, 0.2), "succeeded");
    const own = (text: string) => text.split("\n").filter((line) => !line.startsWith("process_"));
    const before = await registry.metrics();
    expect(before).not.toMatch(/^worker.*#/m);
    await openMetricsOf(registry);
    expect(own(await registry.metrics())).toEqual(own(before));
  });

  test("has the series of Prometheus' own text and no others", async () => {
    const { registry, metrics } = setup();
    const unusual = new Counter({
      name: "unusual",
      help: "Of an application, without the usual ending.",
      registers: [registry],
    });
    unusual.inc(3);
    registry.setDefaultLabels({ zone: "a" });
    metrics.ended(metrics.started(traced, 0.2), "succeeded");
    const seriesOf = (text: string) =>
      text
        .split("\n")
        .flatMap((line) =>
          line === "" || line.startsWith("#") ? [] : [line.replace(/ [\d.e+]+( # .*)?$/, "")],
        );
    const openMetrics = await openMetricsOf(registry);
    expect(seriesOf(openMetrics)).toEqual(seriesOf(await registry.metrics()));
    expect(openMetrics).toContain("# TYPE unusual unknown\n");
    expect(openMetrics).toContain("# TYPE worker_jobs_started counter\n");
    expect(openMetrics).toMatch(/\n# EOF\n$/);
  });

  test("a job whose id is too long for an exemplar is found by its trace, or not at all", async () => {
    const { registry, metrics } = setup();
    const rabbits = (count: number) => "🐇".repeat(count);
    metrics.started({ id: rabbits(122) }, 0.01);
    metrics.started({ id: rabbits(123) }, 0.2);
    metrics.started({ ...traced, id: rabbits(123) }, 20);
    const [fits, , tooLong, ...others] = await bucketLines(registry, "worker_job_wait_seconds");
    expect(fits).toContain(`# {job_id="${rabbits(122)}"} `);
    expect(tooLong).toMatch(/le="0.25".*\} 2$/);
    expect(others.find((line) => line.includes('le="30"'))).toContain(`# {trace_id="${traceId}"} 20 `);
  });

  test("no trace is made up of a trace context that is none", async () => {
    const { registry, metrics } = setup();
    metrics.started({ id: "0194", traceparent: "00-zz-1-01" }, 0.01);
    expect((await bucketLines(registry, "worker_job_wait_seconds"))[0]).toContain('# {job_id="0194"} 0.01 ');
  });
});

test("two workers in one process keep their metrics apart", async () => {
  const one = setup();
  const two = setup();
  one.metrics.started(job, undefined);
  expect(await two.value(`worker_jobs_started_total{${labels},type="t"}`)).toBe(0);
});

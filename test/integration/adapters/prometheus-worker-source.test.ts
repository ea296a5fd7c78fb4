import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFaultProxy } from "../../../embedded/fault-proxy.ts";
import { createPrometheus, type Prometheus } from "../../../embedded/prometheus.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import type { QueueRef, WorkerQueueSample } from "../../../src/operator/ports.ts";
import { createPrometheusFloorSource } from "../../../src/prometheus/prometheus-floor-source.ts";
import { createPrometheusWorkerSource } from "../../../src/prometheus/prometheus-worker-source.ts";
import { describeWorkerSource } from "../../conformance/worker-source-conformance.ts";
import { MetricsTarget, type WorkerPage, workerPage } from "./metrics-target.ts";

const scrapeIntervalSeconds = 0.25;
const targets = [new MetricsTarget(), new MetricsTarget(), new MetricsTarget(), new MetricsTarget()] as const;
/** Of a target: each at an address of its own, as pods are. */
const hostOf = (index: number): string => `127.0.${index + 1}.1`;
/** `stamped` is only for pages that give their samples times of their own. */
const [first, second, third, stamped] = targets;
let scope: RunScope;
let prometheus: Prometheus;
let tests = 0;
let queue: QueueRef;

beforeAll(async () => {
  scope = await createRunScope();
  const addresses = await Promise.all(targets.map((target, index) => target.start(hostOf(index))));
  prometheus = await createPrometheus(scope, {
    jobs: [{ name: "workers", targets: addresses }],
    scrapeIntervalSeconds,
  });
  await prometheus.start();
});
afterAll(async () => {
  await Promise.all(targets.map((target) => target.stop()));
  await scope.stop();
});
beforeEach(async () => {
  tests += 1;
  const name = `jobs.test-${tests}`;
  queue = { key: `default/v/${name}`, broker: "default", vhost: "v", name };
  await Promise.all(targets.map((target) => target.show("")));
});

const source = (url = prometheus.url()) => createPrometheusWorkerSource({ url, scrapeIntervalSeconds });
type Source = ReturnType<typeof source>;
const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const show = (target: MetricsTarget, page: WorkerPage): Promise<void> => target.show(workerPage(queue, page));

/** Reads until the queue's sample is as wanted; the test's own time limit bounds it. */
const until = async (
  from: Source,
  isSo: (sample: WorkerQueueSample | undefined) => boolean,
): Promise<WorkerQueueSample> => {
  for (;;) {
    const { queues } = await from.read([queue], signal());
    const sample = queues.get(queue.key);
    if (isSo(sample)) return sample as WorkerQueueSample;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const known = (from: Source) => until(from, (sample) => sample !== undefined);
const reporting = (from: Source, replicas: number) =>
  until(from, (sample) => sample?.workers.reportingReplicas === replicas);

/** A scrape that takes longer than its quarter of a second is thrown away: what was asked for may not be stored. */
const stored = async ({ running = 0, started = 0, processed = {} }: WorkerPage): Promise<void> => {
  const sum = (metric: string): string => `sum(${metric}{queue="${queue.name}"})`;
  const query = `${sum("worker_jobs_started_total")} + 10 * ${sum("worker_jobs_processed_total")} + 100 * ${sum("worker_jobs_running")}`;
  const wanted = 2 * (started + 10 * (processed["succeeded"] ?? 0) + 100 * running);
  await expect
    .poll(async () => {
      const asked = new URLSearchParams({ query }).toString();
      const answer = await fetch(`${prometheus.url()}/api/v1/query?${asked}`);
      const { data } = (await answer.json()) as {
        data: { result: readonly { value: readonly unknown[] }[] };
      };
      return data.result[0]?.value[1];
    })
    .toBe(String(wanted));
};

describe("as every worker source", () => {
  describeWorkerSource(async () => {
    const relay = createFaultProxy({ host: scope.address, port: Number(new URL(prometheus.url()).port) });
    await relay.start();
    const both = async (page: WorkerPage): Promise<void> => {
      const slots = { [queue.name]: 1 };
      await Promise.all([first, second].map((target) => show(target, { slots, depth: 0, ...page })));
      await stored(page);
    };
    return {
      source: source(`http://${relay.host}:${relay.port()}`),
      queue,
      bringUp: () => both({ running: 0, started: 0, processed: { succeeded: 0 }, serviceSeconds: 0 }),
      startJobs: () => both({ running: 1, started: 1, processed: { succeeded: 0 }, serviceSeconds: 0 }),
      finishJobs: () => both({ running: 0, started: 1, processed: { succeeded: 1 }, serviceSeconds: 1 }),
      async goAway() {
        relay.mode("refuse");
        relay.reset();
      },
      close: () => relay.stop(),
    };
  });
});

describe("what the workers say", () => {
  test("adds up gauges over replicas and takes the deepest report", async () => {
    const workers = source();
    await Promise.all([
      show(first, { running: 2, slots: { [queue.name]: 4 }, depth: 7 }),
      show(second, { running: 1, slots: { [queue.name]: 4 }, depth: 9 }),
    ]);
    const sample = await reporting(workers, 2);
    expect(sample).toMatchObject({
      attachedSlots: 8,
      depth: { ready: 9 },
      workers: { running: 3, slots: 8 },
    });
    expect(sample.workers.ageSeconds).toBeGreaterThanOrEqual(0);
    expect(sample.workers.ageSeconds).toBeLessThan(30);
  });

  test("tells what each replica runs: by its pod where its series have one, else by its host", async () => {
    const workers = source();
    await Promise.all([
      show(first, { running: 2, pod: "image-worker-a" }),
      show(second, { running: 0 }),
      show(third, { running: 1, slots: { [queue.name]: 0 }, pod: "image-worker-draining" }),
    ]);
    const { runningByReplica } = await until(workers, (one) => one?.workers.running === 3);
    expect(Object.fromEntries(runningByReplica ?? [])).toEqual({
      "image-worker-a": 2,
      [hostOf(1)]: 0,
      "image-worker-draining": 1,
    });
  });

  test("a replica whose target fails is missing from what each runs, not idle", async () => {
    const workers = source();
    await Promise.all([show(first, { running: 1 }), show(second, { running: 1 })]);
    await reporting(workers, 2);
    await second.show(undefined);
    const { runningByReplica } = await reporting(workers, 1);
    expect([...(runningByReplica ?? [])]).toEqual([[hostOf(0), 1]]);
  });

  test("counts slots that queues share once, and they are no queue's own", async () => {
    const workers = source();
    await show(first, { slots: { "": 5 } });
    const sample = await reporting(workers, 1);
    expect(sample.attachedSlots).toBe(5);
    expect(sample.workers).not.toHaveProperty("slots");
  });

  test("totals hold all increments since the first read, over all statuses", async () => {
    const workers = source();
    await show(first, { started: 100, processed: { succeeded: 90, failed: 5 }, serviceSeconds: 50 });
    const before = (await known(workers)).workers;
    await show(first, {
      started: 110,
      processed: { succeeded: 97, failed: 6, dead_lettered: 2 },
      serviceSeconds: 56.5,
      busySeconds: 3,
    });
    const after = (await until(workers, (sample) => (sample?.workers.started ?? 0) > before.started)).workers;
    expect(after.started - before.started).toBe(10);
    expect(after.finished - before.finished).toBe(10);
    expect(after.serviceSeconds - before.serviceSeconds).toBeCloseTo(6.5);
    expect(before).not.toHaveProperty("busySeconds");
    expect(after.busySeconds).toBe(3);
    expect(after.epoch).toBe(before.epoch);
  });

  test("gives waits as cumulative counts at the edges, summed over replicas", async () => {
    const workers = source();
    await Promise.all(
      [first, second].map((target) => show(target, { waits: { "0.5": 1, "5.0": 2, "+Inf": 3 } })),
    );
    await reporting(workers, 2);
    await Promise.all(
      [first, second].map((target) => show(target, { started: 1, waits: { "0.5": 2, "5": 5, "+Inf": 8 } })),
    );
    const sample = await until(workers, (one) => one?.workers.started === 2);
    expect(sample.workers.waits?.edgesSeconds).toEqual([0.5, 5]);
  });

  test("counts of waits grow by what was observed", async () => {
    const workers = source();
    await show(first, { waits: { "0.5": 1, "5": 2, "+Inf": 3 } });
    const before = (await known(workers)).workers;
    await show(first, { started: 1, waits: { "0.5": 2, "5": 5, "+Inf": 8 } });
    const after = (await until(workers, (one) => one?.workers.started === 1)).workers;
    const grown = after.waits?.counts.map((count, index) => count - (before.waits?.counts[index] ?? 0));
    expect(grown).toEqual([1, 3, 5]);
  });

  test("other edges begin another epoch, and only edges that all replicas have are told", async () => {
    const workers = source();
    await show(first, { waits: { "1": 1, "5": 2, "+Inf": 3 } });
    // The buckets are another query: the scrape that the first one saw may reach them one read later.
    const { workers: before } = await until(workers, (one) => one?.workers.waits?.edgesSeconds.length === 2);
    await show(second, { waits: { "5": 0, "7": 0, "+Inf": 0 } });
    const both = await until(
      workers,
      (one) => one?.workers.reportingReplicas === 2 && one.workers.waits?.edgesSeconds.length === 1,
    );
    const after = both.workers;
    expect(after.waits?.edgesSeconds).toEqual([5]);
    expect(after.epoch).not.toBe(before.epoch);
  });

  test("another queue, vhost or broker is another matter", async () => {
    const workers = source();
    await show(first, {});
    await known(workers);
    const others = [
      { ...queue, key: "a", vhost: "w" },
      { ...queue, key: "b", broker: "other" },
      { ...queue, key: "c", name: "jobs.other" },
    ];
    expect((await workers.read(others, signal())).queues.size).toBe(0);
  });
});

describe("replicas that come and go", () => {
  test("a draining replica is not counted as reporting, and what it runs is", async () => {
    const workers = source();
    await Promise.all([
      show(first, { running: 1, depth: 3 }),
      show(second, { running: 2, slots: { [queue.name]: 0 }, depth: 99 }),
    ]);
    const sample = await until(workers, (one) => one?.workers.running === 3);
    expect(sample.workers.reportingReplicas).toBe(1);
    expect(sample).toMatchObject({ attachedSlots: 1, depth: { ready: 3 } });
  });

  test("a dead target is left out of gauges, keeps its totals, and does not age the block", async () => {
    const workers = source();
    await Promise.all([show(first, { started: 5, running: 1 }), show(second, { started: 5, running: 1 })]);
    const before = (await reporting(workers, 2)).workers;
    await show(second, { started: 9, running: 1 });
    await until(workers, (one) => one?.workers.started === before.started + 4);
    await second.show(undefined);
    const diedMs = Date.now();
    const after = (await reporting(workers, 1)).workers;
    expect(after.running).toBe(1);
    expect(after.started).toBe(before.started + 4);
    expect(after.epoch).toBe(before.epoch);
    await show(first, { started: 6 });
    const later = (await until(workers, (one) => one?.workers.started === before.started + 5)).workers;
    expect(later.ageSeconds).toBeLessThan((Date.now() - diedMs) / 1_000);
  });

  test("a process that restarts on the same address counts from zero, also where it has passed the old value", async () => {
    const workers = source();
    await show(first, { started: 5, processStart: 1_000 });
    const before = (await known(workers)).workers;
    await show(first, { started: 8, processStart: 2_000 });
    const after = (await until(workers, (one) => (one?.workers.started ?? 0) > before.started)).workers;
    expect(after.started - before.started).toBe(8);
    await show(first, { started: 2, processStart: 3_000 });
    const last = (await until(workers, (one) => (one?.workers.started ?? 0) > after.started)).workers;
    expect(last.started - after.started).toBe(2);
  });

  test("a replica that began after us brings all it counted, one from before us brings nothing", async () => {
    const workers = source();
    await show(first, { started: 5 });
    const before = (await known(workers)).workers;
    await show(second, { started: 1_000, processStart: 1_000 });
    await reporting(workers, 2);
    await show(third, { started: 3, processStart: Date.now() / 1_000 + 1 });
    const after = (await reporting(workers, 3)).workers;
    expect(after.started - before.started).toBe(3);
  });

  test("when no worker is left the queue is unknown, and known again with all totals when one returns", async () => {
    const workers = source();
    await show(first, { started: 5 });
    await known(workers);
    await show(first, { started: 8 });
    const before = (await until(workers, (one) => one?.workers.started === 3)).workers;
    await first.show(undefined);
    await until(workers, (one) => one === undefined);
    expect((await workers.read([queue], signal())).problem).toBeUndefined();
    await show(first, { started: 9 });
    const after = (await known(workers)).workers;
    expect(after).toMatchObject({ started: 4, epoch: before.epoch });
  });
});

describe("bad weather", () => {
  test("before any worker was seen, an empty Prometheus is a problem", async () => {
    const { queues, problem } = await source().read([queue], signal());
    expect(queues.size).toBe(0);
    expect(problem).toBe("Prometheus has not seen any worker yet");
  });

  test("a Prometheus that is killed is a problem; back with its data, totals go on", async () => {
    const workers = source();
    await show(first, { started: 5 });
    const before = (await known(workers)).workers;
    await prometheus.kill();
    const down = await workers.read([queue], signal());
    expect(down.queues.size).toBe(0);
    expect(down.problem).toMatch(
      /^Prometheus at http:\S+ cannot be reached: nothing listens there: .*ECONNREFUSED/,
    );
    first.page = workerPage(queue, { started: 11 });
    await prometheus.start();
    const after = (await until(workers, (one) => (one?.workers.started ?? 0) > before.started)).workers;
    expect(after.started - before.started).toBe(6);
    expect(after.epoch).toBe(before.epoch);
  });

  test("samples older than the window are as good as none", async () => {
    const workers = source();
    await show(stamped, { running: 1, atMs: Date.now() - 60_000 });
    await show(second, { running: 1 });
    expect((await known(workers)).workers).toMatchObject({ running: 1, reportingReplicas: 1 });
    await second.show("");
    await until(workers, (one) => one === undefined);
  });

  test("ages are those of the samples' own timestamps, and a block keeps them when nothing newer comes", async () => {
    const workers = source();
    const atMs = Date.now() - 15_000;
    await show(stamped, { running: 1, depth: 4, atMs });
    const { workers: block, depth } = await known(workers);
    const ageSeconds = (Date.now() - atMs) / 1_000;
    expect(block.ageSeconds).toBeGreaterThanOrEqual(15);
    expect(block.ageSeconds).toBeLessThanOrEqual(ageSeconds + 0.1);
    expect(depth?.ageSeconds).toBe(block.ageSeconds);
  });

  const stub = async (answer: (url: string) => { status: number; body: string }) => {
    const server = createServer((request, response) => {
      const { status, body } = answer(request.url ?? "");
      response.statusCode = status;
      response.end(body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
  };

  test.each([
    [500, "internal error", /Prometheus at http:\S+ answered 500: internal error/],
    [401, "Unauthorized", /Prometheus at http:\S+ refused a request without credentials \(401\): correct/],
    [404, "404 page not found", /query answered 404 with something else: 404 page.*; give the address/],
    [503, '{"status":"error","errorType":"timeout","error":"query timed out"}', /503: query timed out/],
    [
      200,
      "<html>sign in</html>",
      /\/api\/v1\/query answered 200 with something else: <html>sign in.*; give the address of Prometheus itself/,
    ],
    [200, '{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}', /expected a matrix/],
  ])("an answer %i %s is a problem, not zeros", async (status, body, expected) => {
    const server = await stub(() => ({ status, body }));
    const { queues, problem } = await source(server.url).read([queue], signal());
    server.close();
    expect(queues.size).toBe(0);
    expect(problem).toMatch(expected);
  });

  test("an answer beyond the bound is refused", async () => {
    const server = await stub(() => ({ status: 200, body: "x".repeat(100_000) }));
    const workers = createPrometheusWorkerSource({ url: server.url, maxAnswerBytes: 10_000 });
    const { problem } = await workers.read([queue], signal());
    server.close();
    expect(problem).toContain("the answer is over 10000 bytes; add matchers");
  });

  test("a Prometheus that never answers is given up at the caller's signal", async () => {
    const server = createServer(() => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { problem } = await source(`http://127.0.0.1:${port}`).read([queue], AbortSignal.timeout(100));
    server.closeAllConnections();
    server.close();
    expect(problem).toMatch(/^Prometheus at http:\S+ did not answer in time: check its health/);
  });
});

describe("the floor", () => {
  test("is the one number an expression gives; none, several or an error are a problem that says so", async () => {
    await show(first, { started: 5 });
    await show(second, { started: 5 });
    await until(source(), (one) => one?.workers.reportingReplicas === 2);
    const { values, problems } = await createPrometheusFloorSource({ url: prometheus.url() }).read(
      ["3", "vector(4)", "up{job='nobody'}", "worker_jobs_started_total", "sum(", "0/0"],
      signal(),
    );
    expect(Object.fromEntries(values)).toEqual({ "3": 3, "vector(4)": 4 });
    expect(problems.get("up{job='nobody'}")).toContain("no series");
    expect(problems.get("worker_jobs_started_total")).toMatch(/\d series/);
    expect([...problems.keys()].toSorted()).toEqual(
      ["0/0", "sum(", "up{job='nobody'}", "worker_jobs_started_total"].toSorted(),
    );
  });
});

test("asks as many queries for 500 queues as for one", async () => {
  await show(first, { started: 5 });
  let asked = 0;
  const counting = createServer((request, response) => {
    asked += 1;
    const { method, headers, url } = request;
    const passedOn = httpRequest(`${prometheus.url()}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passedOn);
  });
  counting.listen(0, "127.0.0.1");
  await once(counting, "listening");
  const workers = source(`http://127.0.0.1:${(counting.address() as AddressInfo).port}`);
  await known(workers);
  const many = Array.from({ length: 499 }, (_, index) => ({
    ...queue,
    key: `other-${index}`,
    name: `o-${index}`,
  }));
  const asksOf = async (queues: readonly QueueRef[]) => {
    const before = asked;
    const { problem } = await workers.read(queues, signal());
    expect(problem).toBeUndefined();
    return asked - before;
  };
  const forOne = await asksOf([queue]);
  expect(forOne).toBeGreaterThan(0);
  expect(await asksOf([queue, ...many])).toBe(forOne);
  counting.close();
  counting.closeAllConnections();
});

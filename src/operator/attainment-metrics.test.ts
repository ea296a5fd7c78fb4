import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import { createAttainmentMetrics } from "./attainment-metrics.ts";
import { Autoscaler } from "./autoscaler.ts";
import type { WorkersBlock } from "./ports.ts";

const fleet = {
  kind: "observed",
  fleet: { desired: 1, ready: 1, draining: 0, starting: [], uncreated: 0, rollout: false },
} as const;

/** An autoscaler with one queue, `strict`, and another of its own promise where one is given. */
function setup(spec: object = {}) {
  const registry = new Registry();
  const autoscaler = new Autoscaler(autoscalerResource(spec), {
    saved: undefined,
    decisionsKept: 100,
    nowMs: 0,
  });
  createAttainmentMetrics(registry, () => [autoscaler]);
  let nowMs = 0;
  return {
    autoscaler,
    see: (waits: WorkersBlock["waits"], epoch = "1") => {
      nowMs += 2_000;
      const workers = {
        ageSeconds: 0,
        epoch,
        reportingReplicas: 1,
        running: 0,
        started: 0,
        finished: 0,
        serviceSeconds: 0,
        ...(waits !== undefined && { waits }),
      };
      autoscaler.decide({
        workers: { sample: { queues: new Map([["default///jobs.image", { workers }]]) }, atMs: nowMs },
        fleet,
        staleAfterSeconds: 30,
        nowMs,
      });
    },
    lines: async (): Promise<readonly string[]> => {
      const text = await registry.metrics();
      const found = text.split("\n").filter((line) => line.startsWith("millrace_"));
      return found.map((line) => `${/^\w+/.exec(line)?.[0]} ${line.split(" ").at(-1)}`);
    },
  };
}

const waits = (inTime: number, total: number, edge = 5) => ({
  edgesSeconds: [1, edge, 10],
  counts: [0, inTime, total, total],
});

test("the jobs that started, and those in time, grow together", async () => {
  const { see, lines } = setup();
  see(waits(90, 100));
  await lines();
  see(waits(98, 110));
  expect(await lines()).toEqual([
    "millrace_queue_objective_wait_seconds 5",
    "millrace_jobs_started_total 10",
    "millrace_jobs_started_in_time_total 8",
  ]);
});

test("where the promised wait is no edge of the histogram nothing is counted", async () => {
  const { see, lines } = setup();
  see(waits(90, 100, 4));
  expect(await lines()).toEqual(["millrace_queue_objective_wait_seconds 5"]);
});

test("when the edge is lost, neither counter moves: no job is taken for a late one", async () => {
  const { see, lines } = setup();
  see(waits(90, 100));
  await lines();
  see(waits(95, 105));
  await lines();
  see(waits(95, 500, 4));
  expect(await lines()).toEqual([
    "millrace_queue_objective_wait_seconds 5",
    "millrace_jobs_started_total 5",
    "millrace_jobs_started_in_time_total 5",
  ]);
  see(undefined);
  expect(await lines()).toHaveLength(3);
});

test("another promise begins a new comparison, and the totals stay", async () => {
  const { see, lines, autoscaler } = setup();
  see(waits(90, 100));
  await lines();
  see(waits(95, 105));
  await lines();
  autoscaler.update(autoscalerResource({ objective: { waitSeconds: 10 } }));
  see(waits(95, 105));
  await lines();
  see(waits(95, 106));
  expect(await lines()).toEqual([
    "millrace_queue_objective_wait_seconds 10",
    "millrace_jobs_started_total 6",
    "millrace_jobs_started_in_time_total 6",
  ]);
});

test("a queue's own promise counts when it is the stricter one", async () => {
  const wait = async (waitSeconds: number) =>
    (await setup({ queues: [{ name: "jobs.image", waitSeconds }] }).lines())[0];
  expect(await wait(2)).toBe("millrace_queue_objective_wait_seconds 2");
  expect(await wait(20)).toBe("millrace_queue_objective_wait_seconds 5");
});

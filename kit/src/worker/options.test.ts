import { expect, test } from "vitest";
import { z } from "zod";
import { vhostOf } from "../amqp/amqp-url.ts";
import { defineJob } from "../job/define-job.ts";
import { compileWorkerOptions, problemsOfWorkerOptions } from "./options.ts";

const job = defineJob({ type: "t", payload: z.object({}) });
const amqpUrl = "amqp://user:secret@host/team%2Fa";

test("the defaults", () => {
  expect(compileWorkerOptions({ amqpUrl, jobs: [job.handle(() => {})] })).toMatchObject({
    broker: "default",
    vhost: "team/a",
    drainMs: 25_000,
    abortGraceMs: 2_000,
    heartbeatSeconds: 10,
    depthEveryMs: 5_000,
    reconnect: { minMs: 50, maxMs: 30_000 },
    jobs: [{ queue: "jobs.t", concurrency: 10 }],
  });
});

test("a handler's own concurrency goes before the worker's", () => {
  const jobs = [job.handle({ concurrency: 2 }, () => {})];
  expect(compileWorkerOptions({ amqpUrl, jobs, concurrency: 7 }).jobs[0]?.concurrency).toBe(2);
});

test("every problem is told at once, and no password", () => {
  const problems = problemsOfWorkerOptions({
    amqpUrl: "http://user:secret@host",
    jobs: [job.handle(() => {}), job.handle(() => {})],
    concurrency: 0,
    drainSeconds: -1,
    heartbeatSeconds: 0,
    objectiveWaitSeconds: [0],
    topology: { deliveryLimit: 0 },
  });
  expect(problems.map((problem) => problem.split(":")[0])).toEqual([
    "amqpUrl",
    "jobs",
    "drainSeconds",
    "heartbeatSeconds",
    "concurrency",
    "objectiveWaitSeconds",
    "topology.deliveryLimit",
  ]);
  expect(problems.join()).not.toContain("secret");
});

test("a worker needs something to run", () => {
  expect(() => compileWorkerOptions({ amqpUrl, jobs: [] })).toThrow("jobs: expected at least one handler");
});

test.each([
  ["amqp://host", "/"],
  ["amqp://host/", "/"],
  ["amqp://host/%2F", "/"],
  ["amqp://host/team", "team"],
])("the vhost of %s is %s", (url, vhost) => {
  expect(vhostOf(url)).toBe(vhost);
});

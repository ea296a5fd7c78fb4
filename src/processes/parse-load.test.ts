import { expect, test } from "vitest";
import { parseLoad } from "./parse-load.ts";

const names = {
  running: "worker_jobs_running",
  oldestStart: "worker_oldest_running_job_start_timestamp_seconds",
};

test("adds up the running jobs of all queues and types and finds the oldest", () => {
  const page = [
    "# HELP worker_jobs_running Handlers running now",
    "# TYPE worker_jobs_running gauge",
    'worker_jobs_running{queue="jobs.a",type="a {1}"} 1',
    'worker_jobs_running{queue="jobs.b",type="b"} 2 1700000000000',
    'worker_oldest_running_job_start_timestamp_seconds{queue="jobs.a"} 200.5',
    'worker_oldest_running_job_start_timestamp_seconds{queue="jobs.b"} 100',
    "worker_jobs_running_other 9",
  ].join("\n");
  expect(parseLoad(page, names)).toEqual({ running: 3, oldestStartSeconds: 100 });
});

test("an idle replica runs zero jobs, and zero as the oldest start means none", () => {
  const page = "worker_jobs_running 0\nworker_oldest_running_job_start_timestamp_seconds 0\n";
  expect(parseLoad(page, names)).toEqual({ running: 0 });
});

test("a page without the metric says nothing", () => {
  expect(parseLoad("process_cpu_seconds_total 3\n", names)).toBeUndefined();
  expect(parseLoad("worker_jobs_running NaN\n", names)).toBeUndefined();
});

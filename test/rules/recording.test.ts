import { expect, test } from "vitest";
import { testRules } from "./promtool.ts";
import { healthy, inputSeries, QUEUE, SUBJECT, type World } from "./worlds.ts";

const queue = { ...SUBJECT, ...QUEUE };

/** Fails with what promtool got instead, also where two series answer. */
const expectValue = async (
  expr: string,
  value: number,
  { world = {}, labels = queue }: { world?: World; labels?: Readonly<Record<string, string>> } = {},
): Promise<void> => {
  const series = inputSeries({ ...healthy, ...world }, { steps: 90, stepMinutes: 1, doubled: true });
  const near = `abs(${expr} - ${value}) < bool 0.001`;
  expect(await testRules({ series, stepMinutes: 1 }, [{ expr: near, atMinute: 80, labels: [labels] }])).toBe(
    "",
  );
};

const backlog: World = { millrace_queue_messages_ready: { gauge: 6_000 } };

test("the wait is what waits divided by what leaves in a second", async () => {
  await expectValue("queue:millrace_drain_seconds:estimate5m", 600, { world: backlog });
});

test("an empty queue has no wait, also where nothing is known of its throughput", async () => {
  const world: World = {
    millrace_queue_messages_ready: { gauge: 0 },
    millrace_queue_messages_acked_total: undefined,
    'worker_jobs_processed_total{status="succeeded"}': undefined,
    'worker_jobs_processed_total{status="failed"}': undefined,
  };
  await expectValue("queue:millrace_drain_seconds:estimate5m", 0, { world });
});

test("a broker that tells no rates leaves it to the workers", async () => {
  const world: World = { ...backlog, millrace_queue_messages_acked_total: undefined };
  await expectValue("queue:millrace_drain_seconds:estimate5m", 600, { world });
});

test("what two workers do is added, and what two jobs scrape of one is not", async () => {
  const world: World = { 'worker_jobs_running{instance="another"}': { gauge: 7 } };
  await expectValue("queue:millrace_jobs_running:estimate", 17, { world });
});

test("the mean service time comes from Little's law", async () => {
  await expectValue("queue:millrace_service_seconds:littles_law5m", 1);
});

test("the share of late jobs is the workers' own where they tell it, else that of the time", async () => {
  const world: World = { ...backlog, millrace_jobs_started_in_time_total: { perMinute: 450 } };
  await expectValue("queue:millrace_late_jobs:ratio_rate1h", 0.25, { world });
  const silent: World = { ...backlog, millrace_jobs_started_total: undefined };
  await expectValue("queue:millrace_late_jobs:ratio_rate5m", 1, { world: silent });
  // 80 minutes and no more are known.
  await expectValue("queue:millrace_late_jobs:ratio_rate6h", 16 / 72, { world: silent });
});

test.each([
  [0.99, 0.144, 0.06],
  [0.95, 0.72, 0.3],
  [0.9, 0.91, 0.6],
  [0.5, 0.95, 0.85],
  [0.05, 0.995, 0.985],
])("a promise of %d pages from %d late on, and more slowly from %d on", async (attainment, fast, slow) => {
  const world: World = { millrace_objective_attainment_ratio: { gauge: attainment } };
  await expectValue("autoscaler:millrace_wait_budget_fast_threshold:ratio", fast, { world, labels: SUBJECT });
  await expectValue("autoscaler:millrace_wait_budget_slow_threshold:ratio", slow, { world, labels: SUBJECT });
});

test("the typical day has one series an hour, with the hour in two digits", async () => {
  await expectValue("queue_hour:millrace_messages_published:rate5m", 10, {
    labels: { ...queue, hour: "01" },
  });
});

/** What Prometheus would have scraped: a gauge keeps its value, a counter grows by so much a minute. */
export type Samples =
  | { readonly gauge: number }
  | { readonly perMinute: number }
  | { readonly values: string };
/** By metric, with further labels where it has them: `worker_jobs_processed_total{status="failed"}`. undefined = no series. */
export type World = Readonly<Record<string, Samples | undefined>>;

const gauge = (value: number): Samples => ({ gauge: value });
const perMinute = (value: number): Samples => ({ perMinute: value });
/** Timestamps that are always those of now: promtool's time begins at 0. */
const now = perMinute(60);
export const SUBJECT = { namespace: "shop", autoscaler: "orders" } as const;
export const QUEUE = { broker: "default", vhost: "/", queue: "jobs.orders" } as const;
export const OPERATOR = { namespace: "millrace", job: "operator" } as const;

/** A busy queue whose promise is kept: 10 jobs/s of one second each on ten slots. */
export const healthy: World = {
  millrace_autoscaler_queue_info: gauge(1),
  millrace_queue_messages_ready: gauge(5),
  millrace_queue_messages_unacked: gauge(10),
  millrace_queue_consumers: gauge(10),
  millrace_queue_messages_published_total: perMinute(600),
  millrace_queue_messages_delivered_total: perMinute(600),
  millrace_queue_messages_acked_total: perMinute(600),
  millrace_queue_messages_redelivered_total: perMinute(1),
  millrace_queue_objective_wait_seconds: gauge(60),
  millrace_jobs_started_total: perMinute(600),
  millrace_jobs_started_in_time_total: perMinute(599),
  millrace_objective_attainment_ratio: gauge(0.95),
  millrace_objective_service_seconds: gauge(30),
  millrace_objective_ack_timeout_seconds: gauge(1_800),
  millrace_estimate_service_seconds: gauge(1),
  millrace_autoscaler_paused: gauge(0),
  millrace_replicas_ready: gauge(10),
  millrace_replicas_desired: gauge(10),
  millrace_replicas_current: gauge(10),
  millrace_replicas_max: gauge(20),
  millrace_pod_restarts_total: gauge(0),
  'millrace_scale_events_total{direction="out",reason="load"}': gauge(3),
  'millrace_scale_events_total{direction="in",reason="idle"}': gauge(3),
  'millrace_scale_errors_total{outcome="failed"}': gauge(0),
  'millrace_autoscaler_condition{type="TargetConflict",status="false"}': gauge(1),
  'millrace_autoscaler_condition{type="ObjectiveFeasible",status="true"}': gauge(1),
  'millrace_autoscaler_condition{type="SignalsFresh",status="true"}': gauge(1),
  millrace_broker_last_success_timestamp_seconds: now,
  millrace_workers_last_success_timestamp_seconds: now,
  millrace_poll_interval_seconds: gauge(2),
  millrace_operator_leader: gauge(1),
  'millrace_build_info{component="operator",version="1.0.0"}': gauge(1),
  millrace_reconcile_errors_total: gauge(0),
  millrace_autoscalers_rejected: gauge(0),
  worker_jobs_running: gauge(10),
  'worker_jobs_processed_total{status="succeeded"}': perMinute(594),
  'worker_jobs_processed_total{status="failed"}': perMinute(6),
  'worker_job_duration_seconds_bucket{status="succeeded",le="1"}': perMinute(500),
  'worker_job_duration_seconds_bucket{status="succeeded",le="2.5"}': perMinute(594),
  'worker_job_duration_seconds_bucket{status="succeeded",le="+Inf"}': perMinute(594),
  worker_oldest_running_job_start_timestamp_seconds: now,
};

const without = (...names: readonly string[]): World =>
  Object.fromEntries(
    Object.keys(healthy)
      .filter((key) => names.some((name) => key.startsWith(name)))
      .map((key) => [key, undefined]),
  );

/** Workers that export nothing of their own: what the broker tells is all there is. */
export const foreignWorkers: World = without(
  "worker_",
  "millrace_jobs_started",
  "millrace_workers_last_success",
);

/** Jobs of an hour on twenty busy consumers; three of them end in an hour and a half each. */
export const hourLong: World = {
  ...foreignWorkers,
  millrace_queue_messages_ready: gauge(1),
  millrace_queue_messages_unacked: gauge(20),
  millrace_queue_consumers: gauge(20),
  millrace_estimate_service_seconds: gauge(3_600),
  millrace_queue_objective_wait_seconds: gauge(600),
  millrace_queue_messages_published_total: { values: "0x25 1x30 2x35 3x200" },
  millrace_queue_messages_acked_total: { values: "0x25 1x50 2x55 3x200" },
  millrace_queue_messages_delivered_total: { values: "0x25 1x50 2x55 3x200" },
  millrace_objective_service_seconds: undefined,
  millrace_objective_ack_timeout_seconds: undefined,
};

/** Not told for half an hour, in which it grew as before. */
const untoldTotal: Samples = { values: "0+600x60 stale _x30 55200+600x108" };
const untoldTotals: World = {
  millrace_queue_messages_published_total: untoldTotal,
  millrace_queue_messages_delivered_total: untoldTotal,
  millrace_queue_messages_acked_total: untoldTotal,
};

/** Days on which nobody may be woken, by what they are like. */
export const quietDays: Readonly<Record<string, World>> = {
  "a busy queue whose promise is kept": {},
  "workers that export nothing": foreignWorkers,
  "scaled to zero with an empty queue": {
    ...without("worker_", "millrace_jobs_started", "millrace_workers_last_success"),
    millrace_queue_messages_ready: gauge(0),
    millrace_queue_messages_unacked: gauge(0),
    millrace_queue_consumers: gauge(0),
    millrace_queue_messages_acked_total: gauge(0),
    millrace_queue_messages_published_total: gauge(0),
    millrace_queue_messages_delivered_total: gauge(0),
    millrace_replicas_ready: gauge(0),
    millrace_replicas_desired: gauge(0),
    millrace_replicas_current: gauge(0),
  },
  "paused, with late jobs, a promise that cannot be kept and somebody else who scales": {
    millrace_autoscaler_paused: gauge(1),
    millrace_queue_messages_ready: gauge(5_000),
    millrace_jobs_started_in_time_total: perMinute(0),
    millrace_replicas_current: gauge(20),
    'millrace_autoscaler_condition{type="ObjectiveFeasible",status="true"}': undefined,
    'millrace_autoscaler_condition{type="ObjectiveFeasible",status="false"}': gauge(1),
    'millrace_autoscaler_condition{type="TargetConflict",status="false"}': undefined,
    'millrace_autoscaler_condition{type="TargetConflict",status="true"}': gauge(1),
    'millrace_autoscaler_condition{type="SignalsFresh",status="true"}': undefined,
    'millrace_autoscaler_condition{type="SignalsFresh",status="false"}': gauge(1),
    'millrace_scale_events_total{direction="out",reason="load"}': perMinute(0.5),
    'millrace_scale_events_total{direction="in",reason="idle"}': perMinute(0.5),
    'millrace_scale_errors_total{outcome="failed"}': perMinute(2),
  },
  "a new queue, late for its first four minutes": {
    millrace_queue_messages_ready: { values: "6000x4 5x200" },
    millrace_jobs_started_in_time_total: { values: "0x4 0+600x200" },
  },
  "a new queue whose workers export nothing, late for its first four minutes": {
    ...foreignWorkers,
    millrace_queue_messages_ready: { values: "6000x4 5x200" },
  },
  "many jobs at once after an idle hour, late for four minutes": {
    millrace_queue_messages_ready: { values: "0x60 3000x4 0x140" },
    millrace_jobs_started_total: { values: "0x60 0+600x5 3000x140" },
    millrace_jobs_started_in_time_total: gauge(0),
  },
  "paused, with a backlog and nobody who works": {
    ...foreignWorkers,
    millrace_autoscaler_paused: gauge(1),
    millrace_queue_messages_ready: gauge(5_000),
    millrace_queue_messages_unacked: gauge(0),
    millrace_queue_consumers: gauge(0),
    millrace_queue_messages_acked_total: gauge(0),
    millrace_replicas_ready: gauge(0),
    millrace_replicas_desired: gauge(3),
    millrace_replicas_current: gauge(0),
  },
  "a deploy that replaces all workers within four minutes": {
    millrace_queue_messages_ready: { values: "5x60 600+600x3 1200 5x120" },
    millrace_queue_consumers: { values: "10x60 0x3 10x120" },
    millrace_queue_messages_unacked: { values: "10x60 0x3 10x120" },
    millrace_replicas_ready: { values: "10x60 0 3 7 10x120" },
    worker_jobs_running: { values: "10x60 stale _x3 10x120" },
  },
  "a cold start from zero that takes three minutes": {
    ...foreignWorkers,
    millrace_queue_messages_ready: { values: "0x60 300+0x3 100 0x120" },
    millrace_queue_consumers: { values: "0x63 10x120" },
    millrace_queue_messages_unacked: { values: "0x63 10x120" },
    millrace_queue_messages_acked_total: { values: "0x63 0+600x120" },
    millrace_replicas_ready: { values: "0x63 10x120" },
    millrace_replicas_desired: { values: "0x60 10x123" },
  },
  "jobs of an hour on busy consumers, one waiting": hourLong,
  "the first jobs of an hour, taken for five seconds each": {
    ...hourLong,
    millrace_estimate_service_seconds: gauge(5),
    millrace_queue_messages_acked_total: gauge(0),
  },
  "a broker that tells no totals for half an hour": { ...foreignWorkers, ...untoldTotals },
  "a queue that is not read for half an hour": {
    ...foreignWorkers,
    ...untoldTotals,
    millrace_queue_messages_ready: { values: "5x60 stale _x30 5x108" },
    millrace_queue_messages_unacked: { values: "10x60 stale _x30 10x108" },
    millrace_queue_consumers: { values: "10x60 stale _x30 10x108" },
  },
  "an operator that hands over to another": {
    millrace_queue_messages_acked_total: { values: "0+600x60 0+600x120" },
    millrace_queue_messages_delivered_total: { values: "0+600x60 0+600x120" },
    millrace_jobs_started_total: { values: "0+600x60 0+600x120" },
    millrace_jobs_started_in_time_total: { values: "0+599x60 0+599x120" },
    millrace_operator_leader: { values: "1x60 0 1x120" },
  },
};

const kinds: readonly (readonly [prefix: string, labels: Readonly<Record<string, string>>])[] = [
  ["millrace_autoscaler_queue_info", { ...SUBJECT, ...QUEUE }],
  ["millrace_queue_objective", { ...SUBJECT, ...QUEUE }],
  ["millrace_jobs_started", { ...SUBJECT, ...QUEUE }],
  ["millrace_queue_", QUEUE],
  ["worker_", { ...QUEUE, type: "orders" }],
  ["millrace_autoscalers_rejected", OPERATOR],
  ["millrace_broker_", OPERATOR],
  ["millrace_workers_", OPERATOR],
  ["millrace_poll_", OPERATOR],
  ["millrace_operator_", OPERATOR],
  ["millrace_build_", OPERATOR],
  ["millrace_reconcile_", OPERATOR],
  ["millrace_", { ...SUBJECT, job: OPERATOR.job }],
];

export type InputOptions = {
  readonly steps: number;
  readonly stepMinutes: number;
  /** These series end after so many steps. */
  readonly vanish?: { readonly after: number; readonly which: RegExp };
  /** The operator's series end after so many steps, and others begin so many steps later, as at an upgrade. */
  readonly upgrade?: { readonly after: number; readonly steps: number };
  /** Every counter starts anew after so many steps, as after a restart of its process. */
  readonly restartAfter?: number;
  /** A second operator, and a second scrape job of each worker, tell the same. */
  readonly doubled?: boolean;
};

/** The world as `input_series` of promtool. */
export function inputSeries(
  world: World,
  options: InputOptions,
): readonly { readonly series: string; readonly values: string }[] {
  return Object.entries(world).flatMap(([key, samples]) => {
    if (samples === undefined) return [];
    const name = key.split("{")[0] ?? "";
    const jobs = options.doubled && name !== "millrace_operator_leader" ? ["1", "2"] : ["1"];
    return jobs.flatMap((which) => seriesIn(which, { key, name, samples }, options));
  });
}

function seriesIn(
  which: string,
  { key, name, samples }: { readonly key: string; readonly name: string; readonly samples: Samples },
  options: InputOptions,
): readonly { readonly series: string; readonly values: string }[] {
  const { vanish, upgrade } = options;
  // Two scrape jobs find a worker at the same address; two operators have two.
  const labels = name.startsWith("worker_")
    ? { instance: "worker", job: `workers-${which}` }
    : { instance: `operator-${which}` };
  const values = valuesOf(samples, options);
  if (vanish?.which.test(name)) {
    return [{ series: seriesOf(key, labels), values: written(listed(values).slice(0, vanish.after)) }];
  }
  if (upgrade === undefined || name.startsWith("worker_")) return [{ series: seriesOf(key, labels), values }];
  const all = listed(values);
  const back = upgrade.after + upgrade.steps;
  const begin = name.endsWith("_total") ? (all[back] ?? 0) : 0;
  const later = all.slice(back).map((value) => value && value - begin);
  return [
    { series: seriesOf(key, labels), values: written(all.slice(0, upgrade.after)) },
    {
      series: seriesOf(key, { instance: `operator-${which}-new` }),
      values: `_x${back} ${written(later)}`,
    },
  ];
}

/** Each value of promtool's notation; undefined = no sample. */
const listed = (notation: string): readonly (number | undefined)[] =>
  notation.split(" ").flatMap((part) => {
    const [, first = "", step = "0", count = "0"] =
      /^(_|stale|[\d.]+)([+-][\d.]+)?(?:x(\d+))?$/.exec(part) ?? [];
    if (first === "_") return Array.from({ length: Math.max(1, Number(count)) }, () => undefined);
    if (first === "stale") return [undefined];
    return Array.from({ length: Number(count) + 1 }, (_one, index) => Number(first) + index * Number(step));
  });

const written = (values: readonly (number | undefined)[]): string =>
  `${values.map((value) => value ?? "_").join(" ")} stale`;

function seriesOf(key: string, target: Readonly<Record<string, string>>): string {
  const [name = "", rest = "}"] = key.split("{");
  const kind = kinds.find(([prefix]) => name.startsWith(prefix))?.[1] ?? {};
  const own = rest.slice(0, -1);
  const labels = Object.entries({ ...kind, ...target })
    .filter(([label]) => !own.includes(`${label}=`))
    .map(([label, value]) => `${label}="${value}"`);
  return `${name}{${[...labels, ...(own === "" ? [] : [own])].join(",")}}`;
}

function valuesOf(samples: Samples, { steps, stepMinutes, restartAfter }: InputOptions): string {
  if ("values" in samples) return samples.values;
  const run = (count: number): string =>
    "gauge" in samples ? `${samples.gauge}x${count}` : `0+${samples.perMinute * stepMinutes}x${count}`;
  // Timestamps are no counters: they do not begin anew.
  const isClock = "perMinute" in samples && samples.perMinute === 60;
  if (restartAfter === undefined || "gauge" in samples || isClock) return run(steps);
  return `${run(restartAfter)} ${run(steps - restartAfter)}`;
}

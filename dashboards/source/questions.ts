import type { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { BigValueTextMode } from "@grafana/grafana-foundation-sdk/common";
import { EVERY_AUTOSCALER, OF_AUTOSCALERS } from "./query.ts";
import { words, wordsFrom } from "./panels.ts";
import { type Question, verdict } from "./verdict.ts";

/** The chosen autoscalers. */
export const AUTOSCALERS = {
  of: `${EVERY_AUTOSCALER}{${OF_AUTOSCALERS}}`,
  by: ["namespace", "autoscaler"],
} as const;

const eachQueue = `queue:millrace_autoscaler_queue_info:max{${OF_AUTOSCALERS}}`;
const condition = (type: string, status: string): string =>
  `millrace_autoscaler_condition{${OF_AUTOSCALERS}, type="${type}", status${status}}`;
/** The processing time of the last hour: minutes after the end of a long job there is none any more. */
const measured = [
  "queue:millrace_job_duration_seconds:p95_rate10m",
  "queue:millrace_service_seconds:littles_law5m",
]
  .map((seconds) => `last_over_time(${seconds}[1h])`)
  .join(" or ");

/** Which alerts answer which question about autoscalers. */
export const questions = {
  finishing: {
    bad: [
      "MillraceBacklogWaitCritical",
      "MillraceWaitBudgetBurnFast",
      "MillraceWaitBudgetBurn",
      "MillraceBacklogGrowingAtMax",
      "MillraceQueueStalled",
      "MillraceQueueHasNoConsumers",
    ],
    warn: ["MillraceBacklogWaitHigh", "MillraceWaitBudgetBurnSlow"],
    unknown: [
      `${eachQueue} unless queue:millrace_drain_seconds:estimate5m`,
      // Old counts, and patterns whose queues are not known. A floor without a value takes nothing away from what the
      // queues say: Ready stays true.
      `${condition("SignalsFresh", '!="true"')} and on (namespace, autoscaler) ${condition("Ready", '!="true"')}`,
    ],
  },
  serviceTime: {
    bad: ["MillraceJobDurationHigh", "MillraceJobStuck"],
    warn: ["MillraceJobDurationGrowing"],
    // Known where nothing runs, or where something does and was measured.
    unknown: [
      `${eachQueue} unless queue:millrace_jobs_running:estimate == 0 unless (queue:millrace_jobs_running:estimate and (${measured}))`,
    ],
  },
  workers: {
    bad: ["MillraceCrashLooping"],
    warn: ["MillraceReplicasUnavailable", "MillraceJobFailureRatioHigh", "MillraceRedeliveryRatioHigh"],
    unknown: [`${AUTOSCALERS.of} unless on (namespace, autoscaler) autoscaler:millrace_replicas_ready:max`],
  },
  autoscaler: {
    bad: ["MillraceScaleFailing", "MillraceObjectiveInfeasible"],
    warn: ["MillraceTargetConflict", "MillraceAutoscalerFlapping", "MillraceSignalsUnknown"],
    ofOperator: [
      { alert: "MillraceBrokerPollStale", means: "bad", harmed: condition("SignalsFresh", '!="true"') },
      { alert: "MillraceWorkerMetricsStale", means: "warn", harmed: AUTOSCALERS.of },
    ],
    unknown: [`${AUTOSCALERS.of} unless on (namespace, autoscaler) ${condition("SignalsFresh", '="true"')}`],
  },
} as const satisfies Readonly<Record<string, Question>>;

const { finishing, serviceTime, workers, autoscaler } = questions;
/**
 * All that can be wrong with an autoscaler, in one question. Where the broker tells little and the workers nothing, the
 * processing time is never known; that alone says nothing against the promise.
 */
export const anything: Question = {
  bad: Object.values(questions).flatMap(({ bad }) => bad),
  warn: Object.values(questions).flatMap(({ warn }) => warn),
  ofOperator: autoscaler.ofOperator,
  unknown: [finishing, workers, autoscaler].flatMap(({ unknown }) => unknown),
};

const EMPTY = "UNKNOWN: no data; are the recording rules loaded, and does an operator answer?";
const EXPLAINED =
  "WARN as soon as an alert's expression is true, BAD once one fires, UNKNOWN where too little is known for any to be true; the links lead to the runbooks.";

type Text = {
  readonly title: string;
  readonly description: string;
  /** Of 24. Default 5. */
  readonly width?: number;
  readonly words: Parameters<typeof verdict>[2];
};

const answer = (question: Question, { title, description, width = 5, words: said }: Text): StatBuilder =>
  verdict(
    { title, description: `${description} ${EXPLAINED}`, empty: EMPTY, width },
    { ...question, subject: AUTOSCALERS },
    said,
  );

/**
 * The four questions of whoever runs queues, and a fifth about the autoscaler, each answered in words and colour.
 *
 * @param queues matchers of the queues that count
 */
export const answers = (queues: string): readonly StatBuilder[] => [
  answer(finishing, {
    title: "Are many jobs running without finishing?",
    description: "Whether jobs start within the promised wait, and whether any end at all.",
    words: {
      ok: "jobs start in time",
      unknown: "how long some jobs wait is not known",
      warn: "jobs wait too long",
      bad: "jobs pile up",
    },
  }),
  busyHours(queues),
  answer(serviceTime, {
    title: "Is the processing time growing, and still acceptable?",
    description: "The 95th percentile against objective.serviceSeconds and against the same hour a week ago.",
    words: {
      ok: "steady and acceptable",
      unknown: "how long some jobs run is not known",
      warn: "growing, still acceptable",
      bad: "longer than acceptable",
    },
  }),
  answer(workers, {
    title: "Are the workers healthy?",
    description: "Crashes, replicas that do not become ready, jobs that fail or are delivered again.",
    words: {
      ok: "workers are healthy",
      unknown: "a target cannot be seen",
      warn: "some are in trouble",
      bad: "workers crash",
    },
  }),
  answer(autoscaler, {
    title: "Can the autoscaler do its work?",
    description:
      "Whether it knows its queues, whether its counts are obeyed, whether the promise can be kept within its limits, and whether something else scales the same target.",
    width: 4,
    words: {
      ok: "nothing in its way",
      unknown: "it lacks signals",
      warn: "something is in its way",
      bad: "it cannot",
    },
  }),
];

const busyHours = (queues: string): StatBuilder => {
  const hours = `queue_hour:millrace_messages_published:rate5m{${queues}}`;
  const typical = `avg_over_time(${hours}[28d])`;
  return words(
    {
      title: "When in the day or week do more jobs come?",
      description:
        "Jobs published now against the mean of this hour of the day (UTC) in the last four weeks, or since the rules were loaded; and the hour that is usually the busiest.",
      empty: "UNKNOWN: no rates; none were published, or the broker's management API is not read.",
      unit: "none",
      width: 5,
      height: 4,
    },
    [
      {
        // A series of the profile is there in its own hour only: what is there now is this hour's.
        expr: `sum (queue:millrace_messages_published:rate5m{${queues}}) / (sum (${typical} and ${hours}) > 0)`,
        legend: "now",
      },
      { expr: `topk(1, sum by (hour) (${typical}))`, legend: "busiest at {{hour}}:00 UTC" },
    ],
    wordsFrom([
      { from: 0, text: "OK: quieter than usual", color: "blue" },
      { from: 0.67, text: "OK: as usual", color: "green" },
      { from: 1.5, text: "WARN: busier than usual", color: "orange" },
      { from: 4, text: "BAD: far busier than usual", color: "red" },
    ]),
  )
    .textMode(BigValueTextMode.ValueAndName)
    .overrideByQuery("B", [
      { id: "mappings", value: [] },
      { id: "unit", value: "cps" },
    ]);
};

import type { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { BigValueTextMode } from "@grafana/grafana-foundation-sdk/common";
import { OF_AUTOSCALERS } from "./query.ts";
import { words, wordsFrom } from "./panels.ts";
import { type Question, verdict } from "./verdict.ts";

/** The chosen autoscalers. */
export const AUTOSCALERS = {
  of: `autoscaler:millrace_replicas_desired:max{${OF_AUTOSCALERS}}`,
  by: ["namespace", "autoscaler"],
} as const;

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
  },
  serviceTime: {
    bad: ["MillraceJobDurationHigh", "MillraceJobStuck"],
    warn: ["MillraceJobDurationGrowing"],
  },
  workers: {
    bad: ["MillraceCrashLooping"],
    warn: ["MillraceReplicasUnavailable", "MillraceJobFailureRatioHigh", "MillraceRedeliveryRatioHigh"],
  },
  autoscaler: {
    bad: ["MillraceScaleFailing", "MillraceObjectiveInfeasible"],
    warn: ["MillraceTargetConflict", "MillraceAutoscalerFlapping"],
  },
} as const satisfies Readonly<Record<string, Question>>;

/** All that can be wrong with an autoscaler, in one question. */
export const anything: Question = {
  bad: Object.values(questions).flatMap(({ bad }) => bad),
  warn: Object.values(questions).flatMap(({ warn }) => warn),
};

const EMPTY = "No data: are the recording rules loaded, and does an operator lead?";
const EXPLAINED =
  "WARN as soon as an alert's expression is true, BAD once one fires; the links lead to the runbooks.";

/**
 * The four questions of whoever runs queues, and a fifth about the autoscaler, each answered in words and colour.
 *
 * @param queues matchers of the queues that count
 */
export const answers = (queues: string): readonly StatBuilder[] => [
  verdict(
    {
      title: "Are many jobs running without finishing?",
      description: `Whether jobs start within the promised wait, and whether any end at all. ${EXPLAINED}`,
      empty: EMPTY,
      width: 5,
    },
    { ...questions.finishing, subject: AUTOSCALERS },
    { ok: "jobs start in time", warn: "jobs wait too long", bad: "jobs pile up" },
  ),
  busyHours(queues),
  verdict(
    {
      title: "Is the processing time growing, and still acceptable?",
      description: `The 95th percentile against objective.serviceSeconds and against the same hour a week ago. ${EXPLAINED}`,
      empty: EMPTY,
      width: 5,
    },
    { ...questions.serviceTime, subject: AUTOSCALERS },
    { ok: "steady and acceptable", warn: "growing, still acceptable", bad: "longer than acceptable" },
  ),
  verdict(
    {
      title: "Are the workers healthy?",
      description: `Crashes, replicas that do not become ready, jobs that fail or are delivered again. ${EXPLAINED}`,
      empty: EMPTY,
      width: 5,
    },
    { ...questions.workers, subject: AUTOSCALERS },
    { ok: "workers are healthy", warn: "some are in trouble", bad: "workers crash" },
  ),
  verdict(
    {
      title: "Can the autoscaler do its work?",
      description: `Whether its counts are obeyed, whether the promise can be kept within its limits, and whether something else scales the same target. ${EXPLAINED}`,
      empty: EMPTY,
      width: 4,
    },
    { ...questions.autoscaler, subject: AUTOSCALERS },
    { ok: "nothing in its way", warn: "something interferes", bad: "it cannot" },
  ),
];

/** No alert is about the hour of the day: many jobs are no trouble as long as they start in time. */
const busyHours = (queues: string): StatBuilder => {
  const hours = `queue_hour:millrace_messages_published:rate5m{${queues}}`;
  const typical = `avg_over_time(${hours}[28d])`;
  return words(
    {
      title: "When in the day or week do more jobs come?",
      description:
        "Jobs published now against the mean of this hour of the day (UTC) in the last four weeks, or since the rules were loaded; and the hour that is usually the busiest.",
      empty: "No rates: none were published, or the broker's management API is not asked.",
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

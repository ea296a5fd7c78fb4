import { alertAnnotation, firingOperatorAlerts } from "./annotations.ts";
import { dashboardJson } from "./dashboard.ts";
import { actingRow, decidingRow, readingRow } from "./operator-panels.ts";
import { clusterRow, processRow } from "./operator-process-panels.ts";
import { OF_OPERATORS } from "./query.ts";
import { datasourceVariable, labelVariable } from "./variables.ts";
import { type Question, verdict } from "./verdict.ts";

/** The chosen operators. */
export const OPERATOR = {
  of: `max by (job) (millrace_build_info{component="operator", ${OF_OPERATORS}})`,
  by: ["job"],
} as const;

/** Those whose operator has no such series. */
const without = (series: string): string => `${OPERATOR.of} unless on (job) ${series}`;

/** Which alerts answer which question about the operator. Without any operator there is no answer at all: MillraceOperatorDown. */
export const operatorQuestions = {
  leads: {
    bad: ["MillraceOperatorNoLeader"],
    warn: [],
    unknown: [],
  },
  brokers: {
    bad: ["MillraceBrokerPollStale"],
    warn: [],
    unknown: [without("millrace_broker_last_success_timestamp_seconds")],
  },
  workers: {
    bad: [],
    warn: ["MillraceWorkerMetricsStale"],
    unknown: [without("millrace_workers_last_success_timestamp_seconds")],
  },
  decides: {
    bad: ["MillraceReconcileErrors"],
    warn: ["MillraceAutoscalersRejected"],
    unknown: [without("millrace_operator_leader == 1")],
  },
} as const satisfies Readonly<Record<string, Question>>;

const EMPTY = "BAD: no operator answers";
const EXPLAINED =
  "WARN as soon as an alert's expression is true, BAD once it fires, UNKNOWN where it has nothing to look at; the links lead to the runbooks.";

const answers = () => [
  verdict(
    {
      title: "Does exactly one operator lead?",
      description: `With none, every count stays as it is; with two, they would work against each other. ${EXPLAINED}`,
      empty: EMPTY,
      width: 6,
    },
    { ...operatorQuestions.leads, subject: OPERATOR },
    { ok: "one leads", unknown: "unclear", warn: "unclear", bad: "none, or several" },
  ),
  verdict(
    {
      title: "Does it read the brokers?",
      description: `Without the brokers it is blind. ${EXPLAINED}`,
      empty: EMPTY,
      width: 6,
    },
    { ...operatorQuestions.brokers, subject: OPERATOR },
    { ok: "it does", unknown: "none asks them", warn: "unclear", bad: "it is blind" },
  ),
  verdict(
    {
      title: "Does it read the workers' metrics?",
      description: `Without them service times and attainment are old. ${EXPLAINED}`,
      empty: EMPTY,
      width: 6,
    },
    { ...operatorQuestions.workers, subject: OPERATOR },
    { ok: "it does", unknown: "none asks for them", warn: "they are old", bad: "it does not" },
  ),
  verdict(
    {
      title: "Does it decide all autoscalers?",
      description: `Errors within cycles, and WorkerAutoscalers that this version cannot read. ${EXPLAINED}`,
      empty: EMPTY,
      width: 6,
    },
    { ...operatorQuestions.decides, subject: OPERATOR },
    { ok: "all of them", unknown: "none leads", warn: "some cannot be read", bad: "decisions fail" },
  ),
];

/** The operator's own health. The alerts about the operator lead here. */
export const operatorDashboard = (): string =>
  dashboardJson({
    uid: "millrace-operator",
    title: "Millrace / Operator",
    description:
      "The operator itself: who leads, how old its knowledge is, what it could not do, and what it costs.",
    variables: [
      datasourceVariable(),
      labelVariable("job", {
        label: "Job",
        of: 'millrace_build_info{component="operator"}',
        several: true,
      }),
      labelVariable("instance", {
        label: "Instance",
        of: 'millrace_build_info{component="operator", job=~`${job:regex}`}',
        several: true,
      }),
    ],
    annotations: [alertAnnotation(firingOperatorAlerts)],
    top: answers(),
    rows: [decidingRow(), readingRow(), actingRow(), clusterRow(), processRow()],
  });

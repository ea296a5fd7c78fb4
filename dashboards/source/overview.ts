import {
  alertAnnotation,
  firingAutoscalerAlerts,
  firingOperatorAlerts,
  scaleAnnotation,
} from "./annotations.ts";
import { typicalDay } from "./arrival-panels.ts";
import { columnTable } from "./column-table.ts";
import { dashboardJson } from "./dashboard.ts";
import { autoscalerUrl, runbookUrl } from "./links.ts";
import { dataLink, GREY, lines, stacked, table, wordsOf } from "./panels.ts";
import { EVERY_AUTOSCALER, OF_AUTOSCALERS, perAutoscaler } from "./query.ts";
import { anything, answers, AUTOSCALERS } from "./questions.ts";
import { datasourceVariable, labelVariable } from "./variables.ts";
import { ANSWERS, verdictExpr } from "./verdict.ts";

const LEGEND = "{{namespace}}/{{autoscaler}}";
const WORST = "The 20 that were worst in the shown time.";
const EMPTY = "No autoscaler, or the recording rules are not loaded.";
const toAutoscaler = () =>
  dataLink("This autoscaler", autoscalerUrl("__field.labels", ["namespace", "autoscaler"]));

const summed = (metric: string): string => `sum by (namespace, autoscaler) (${metric}{${OF_AUTOSCALERS}})`;
/** Twenty at most, the same ones at each point of time: those with the highest value in the shown time. */
const worst = (metric: string, aggregate: "sum" | "max"): string => {
  const by = `${aggregate} by (namespace, autoscaler)`;
  return `${by} (${metric}{${OF_AUTOSCALERS}}) and topk(20, ${by} (max_over_time(${metric}{${OF_AUTOSCALERS}}[$__range] @ end())))`;
};

const columns = [
  { name: "State", expr: verdictExpr(anything, AUTOSCALERS, "each"), unit: "none" },
  {
    name: "Wait",
    expr: perAutoscaler(`queue:millrace_drain_seconds:estimate5m{${OF_AUTOSCALERS}}`),
    unit: "s",
  },
  {
    name: "Promised wait",
    expr: perAutoscaler(`millrace_objective_wait_seconds{${OF_AUTOSCALERS}}`),
    unit: "s",
  },
  {
    name: "In time",
    expr: perAutoscaler(`millrace_attainment_ratio{${OF_AUTOSCALERS}}`),
    unit: "percentunit",
  },
  {
    name: "Promised share",
    expr: perAutoscaler(`millrace_objective_attainment_ratio{${OF_AUTOSCALERS}}`),
    unit: "percentunit",
  },
  { name: "Waiting", expr: summed("queue:millrace_messages_ready:max"), unit: "short" },
  { name: "Ready", expr: perAutoscaler(`millrace_replicas_ready{${OF_AUTOSCALERS}}`), unit: "short" },
  { name: "Desired", expr: perAutoscaler(`millrace_replicas_desired{${OF_AUTOSCALERS}}`), unit: "short" },
  { name: "Max", expr: perAutoscaler(`millrace_replicas_max{${OF_AUTOSCALERS}}`), unit: "short" },
] as const;

const autoscalers = () =>
  columnTable(
    {
      title: "Autoscalers",
      description: "Each autoscaler, worst first. Its name leads to its own dashboard.",
      empty: EMPTY,
      width: 24,
      height: 9,
    },
    AUTOSCALERS.by,
    columns,
  )
    .withTransformation({ id: "sortBy", options: { sort: [{ field: "State", desc: true }] } })
    .overrideByName("State", [
      {
        id: "mappings",
        value: wordsOf({
          [ANSWERS.ok]: { text: "OK", color: "green" },
          [ANSWERS.unknown]: { text: "UNKNOWN", color: GREY },
          [ANSWERS.warn]: { text: "WARN", color: "orange" },
          [ANSWERS.bad]: { text: "BAD", color: "red" },
        }),
      },
      { id: "custom.cellOptions", value: { type: "color-background" } },
    ])
    .overrideByName("autoscaler", [
      {
        id: "links",
        value: [
          dataLink("This autoscaler", autoscalerUrl("__data.fields", ["namespace", "autoscaler"])).build(),
        ],
      },
    ]);

const alerts = () =>
  table(
    {
      title: "Firing alerts",
      description: "Alerts that fire now, with their runbooks.",
      unit: "none",
      empty: "No alert fires.",
      width: 12,
    },
    [{ expr: `(${firingAutoscalerAlerts}) or (${firingOperatorAlerts})` }],
  )
    .withTransformation({
      id: "organize",
      options: { excludeByName: { Time: true, Value: true, __name__: true, alertstate: true } },
    })
    .overrideByName("alertname", [
      { id: "links", value: [dataLink("Runbook", runbookUrl()).targetBlank(true).build()] },
    ]);

const backlog = () =>
  stacked(
    {
      title: "Backlog",
      description: `Messages that wait for each autoscaler. ${WORST}`,
      unit: "short",
      empty: EMPTY,
      width: 12,
    },
    [{ expr: worst("queue:millrace_messages_ready:max", "sum"), legend: LEGEND }],
  ).dataLinks([toAutoscaler()]);

const waits = () =>
  lines(
    {
      title: "Expected wait",
      description: `How long a job waits that is published now, and, dashed, what is promised. ${WORST}`,
      unit: "s",
      empty: EMPTY,
      width: 12,
    },
    [
      { expr: worst("queue:millrace_drain_seconds:estimate5m", "max"), legend: LEGEND },
      {
        expr: `${perAutoscaler(`millrace_objective_wait_seconds{${OF_AUTOSCALERS}}`)} and topk(20, ${perAutoscaler(`max_over_time(queue:millrace_drain_seconds:estimate5m{${OF_AUTOSCALERS}}[$__range] @ end())`)})`,
        legend: `promised ${LEGEND}`,
        style: "limit",
      },
    ],
  ).dataLinks([toAutoscaler()]);

const running = () =>
  lines(
    {
      title: "Jobs in progress and jobs that end",
      description:
        "Of all chosen autoscalers: jobs that run (left) and jobs that end in a second (right). More in progress with no more ending: they run without finishing.",
      unit: "short",
      empty: "Neither workers nor brokers tell what runs.",
      width: 12,
    },
    [
      {
        expr: `sum (queue:millrace_jobs_running:estimate{${OF_AUTOSCALERS}})`,
        legend: "in progress",
        style: "filled",
      },
      {
        expr: `sum (queue:millrace_jobs_finished:rate5m{${OF_AUTOSCALERS}})`,
        legend: "ending",
        style: "rate",
      },
    ],
  );

const durations = () =>
  lines(
    {
      title: "Processing time (p95)",
      description: `The time within which 95 % of the jobs end. ${WORST}`,
      unit: "s",
      empty: "The workers export no durations, or no job has ended yet.",
      width: 12,
    },
    [{ expr: worst("queue:millrace_job_duration_seconds:p95_rate10m", "max"), legend: LEGEND }],
  ).dataLinks([toAutoscaler()]);

const replicas = () =>
  lines(
    {
      title: "Replicas",
      description:
        "Of all chosen autoscalers: the counts that are set, and those that take jobs. Dashed: all that is allowed.",
      unit: "short",
      empty: EMPTY,
      width: 12,
    },
    [
      {
        expr: `sum (autoscaler:millrace_replicas_desired:max{${OF_AUTOSCALERS}})`,
        legend: "desired",
        style: "steps",
      },
      {
        expr: `sum (autoscaler:millrace_replicas_ready:max{${OF_AUTOSCALERS}})`,
        legend: "ready",
        style: "steps",
      },
      {
        expr: `sum (${perAutoscaler(`millrace_replicas_min{${OF_AUTOSCALERS}}`)})`,
        legend: "min",
        style: "step-limit",
      },
      {
        expr: `sum (${perAutoscaler(`millrace_replicas_max{${OF_AUTOSCALERS}}`)})`,
        legend: "max",
        style: "step-limit",
      },
    ],
  );

/** All autoscalers of one Prometheus, worst first. */
export const overviewDashboard = (): string =>
  dashboardJson({
    uid: "millrace-overview",
    title: "Millrace / Overview",
    description: "All WorkerAutoscalers: the four questions, who is in trouble, and the load of them all.",
    variables: [
      datasourceVariable(),
      labelVariable("namespace", {
        label: "Namespace",
        of: EVERY_AUTOSCALER,
        several: true,
      }),
      labelVariable("autoscaler", {
        label: "Autoscaler",
        of: `${EVERY_AUTOSCALER}{namespace=~\`\${namespace:regex}\`}`,
        several: true,
      }),
    ],
    annotations: [
      alertAnnotation(`(${firingAutoscalerAlerts}) or (${firingOperatorAlerts})`),
      scaleAnnotation(),
    ],
    top: [...answers(OF_AUTOSCALERS)],
    rows: [
      { title: "Who is in trouble", panels: [autoscalers()] },
      {
        title: "Load",
        panels: [backlog(), waits(), running(), replicas(), durations(), typicalDay(OF_AUTOSCALERS)],
      },
      { title: "Alerts", panels: [alerts()] },
    ],
  });

import { DashboardLinkBuilder, DashboardLinkType } from "@grafana/grafana-foundation-sdk/dashboard";

/**
 * The operator, which has the documents: behind the port-forward of the chart's notes, and with compose.yaml. The chart
 * puts rules.runbookBaseUrl in its place.
 */
export const DOCUMENTS = "http://localhost:9091";
/** By this the dashboards of the set find one another. */
export const TAG = "millrace";

export const runbookLink = (alert: string): DashboardLinkBuilder =>
  new DashboardLinkBuilder(alert).url(`${DOCUMENTS}/docs/runbooks/${alert}.md`).targetBlank(true);

const documentLink = (title: string, page: string): DashboardLinkBuilder =>
  new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon("doc")
    .url(`${DOCUMENTS}/docs/${page}`)
    .targetBlank(true);

/** From each dashboard to the others, with the time and the chosen values, and to the documents. */
export const setLinks = (): readonly DashboardLinkBuilder[] => [
  new DashboardLinkBuilder("Millrace")
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .keepTime(true)
    .includeVars(true),
  documentLink("How to read this", "dashboards.md"),
  documentLink("Alerts and runbooks", "alerts.md"),
];

const TIME = "${__url_time_range}";

/**
 * To one autoscaler. Values are percent-encoded one by one: as a URL as a whole, `&` and `#` of a name would stay.
 *
 * @param from how the link's place calls a label: `__field.labels` of a series, `__data.fields` of a table's row
 */
export const autoscalerUrl = (
  from: "__field.labels" | "__data.fields",
  labels: readonly ("namespace" | "autoscaler" | "queue")[],
): string =>
  [
    "/d/millrace-autoscaler?${datasource:queryparam}",
    ...labels.map((label) => `var-${label}=\${${from}.${label}:percentencode}`),
    TIME,
  ].join("&");

/** From a queue of the shown autoscaler to that queue alone. */
export const queueUrl = (): string =>
  [
    "/d/millrace-autoscaler?${datasource:queryparam}&${namespace:queryparam}&${autoscaler:queryparam}",
    "var-queue=${__field.labels.queue:percentencode}",
    TIME,
  ].join("&");

/** From a row of firing alerts to the alert's runbook. */
export const runbookUrl = (): string =>
  `${DOCUMENTS}/docs/runbooks/\${__data.fields.alertname:percentencode}.md`;

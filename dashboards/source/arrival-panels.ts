import type { PanelBuilder as BarChartBuilder } from "@grafana/grafana-foundation-sdk/barchart";
import type { Row } from "./dashboard.ts";
import { barChart, lines } from "./panels.ts";
import { OF_AUTOSCALERS, OF_QUEUES } from "./query.ts";

const published = `queue:millrace_messages_published:rate5m{${OF_QUEUES}}`;
const finished = `queue:millrace_jobs_finished:rate5m{${OF_QUEUES}}`;
const NO_RATES = "No rates: none were published, or the broker's management API is not asked.";

const flow = () =>
  lines(
    {
      title: "Jobs that come and go",
      description:
        "Jobs published and jobs ended in a second, and the difference, filled: above zero the backlog grows. Beside them the operator's own estimate, which needs no management API.",
      unit: "cps",
      empty: NO_RATES,
      width: 12,
    },
    [
      { expr: `sum (${published})`, legend: "published" },
      { expr: `sum (${finished})`, legend: "ended" },
      { expr: `sum (${published}) - sum (${finished})`, legend: "net flow", style: "filled" },
      {
        expr: `max (millrace_estimate_arrivals_per_second{${OF_AUTOSCALERS}})`,
        legend: "arrivals as the operator estimates them",
      },
    ],
  );

/** @param queues matchers of the queues that count */
export const typicalDay = (queues: string): BarChartBuilder => {
  const hours = `queue_hour:millrace_messages_published:rate5m{${queues}}`;
  return barChart(
    {
      title: "Typical day",
      description:
        "Mean jobs published in a second by hour of the day (UTC) over four weeks, and over the last 24 hours. Hours are there once the recording rules have seen them.",
      unit: "cps",
      empty: NO_RATES,
      width: 12,
    },
    [
      { expr: `sum by (hour) (avg_over_time(${hours}[28d]))` },
      { expr: `sum by (hour) (avg_over_time(${hours}[24h]))` },
    ],
    "hour",
  )
    .withTransformation({ id: "joinByField", options: { byField: "hour", mode: "outer" } })
    .withTransformation({
      id: "organize",
      options: {
        excludeByName: { "Time 1": true, "Time 2": true, Time: true },
        renameByName: { "Value #A": "four weeks", "Value #B": "last 24 hours" },
      },
    })
    .withTransformation({ id: "sortBy", options: { sort: [{ field: "hour", desc: false }] } });
};

const lastWeek = () =>
  lines(
    {
      title: "This week against last",
      description: "Jobs published in a second now, at this time yesterday and at this time a week ago.",
      unit: "cps",
      empty: NO_RATES,
      width: 24,
    },
    [
      { expr: `sum (${published})`, legend: "now", style: "filled" },
      { expr: `sum (${published} offset 1d)`, legend: "a day ago", style: "limit" },
      { expr: `sum (${published} offset 1w)`, legend: "a week ago", style: "limit" },
    ],
  );

export const arrivalRow = (): Row => ({
  title: "2. When in the day or week do more jobs come?",
  panels: [flow(), typicalDay(OF_QUEUES), lastWeek()],
});

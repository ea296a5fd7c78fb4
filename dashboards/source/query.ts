import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";

/** How a query's series are drawn where that differs from the rest of the panel. */
export type Style =
  /** A promise or a bound: dashed. */
  | "limit"
  /** A bound that is set and not measured: dashed, in steps. */
  | "step-limit"
  /** A count that jumps: in steps. */
  | "steps"
  /** Another unit than the panel's: jobs a second, on the right axis. */
  | "rate"
  /** The area down to zero is filled. */
  | "filled";

export type Query = {
  readonly expr: string;
  /** Of its series, with labels as `{{queue}}`. */
  readonly legend?: string;
  /** Over the range of the dashboard, or at its end only. Default: range. */
  readonly at?: "range" | "end";
  readonly format?: "time_series" | "table" | "heatmap";
  readonly style?: Style;
  /** Beside its series, single jobs: those of the buckets that it asks for. Default no. */
  readonly exemplars?: boolean;
};

export const datasource = { type: "prometheus", uid: "${datasource}" } as const;

const REF_IDS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** Grafana's name of the panel's query number `index`, by which overrides and transformations find its series. */
export const refIdOf = (index: number): string => REF_IDS.charAt(index);

const formats = {
  time_series: PromQueryFormat.TimeSeries,
  table: PromQueryFormat.Table,
  heatmap: PromQueryFormat.Heatmap,
} as const;

export const targetOf = (query: Query, index: number): DataqueryBuilder => {
  const target = new DataqueryBuilder()
    .refId(refIdOf(index))
    .datasource(datasource)
    .expr(oneLine(query.expr))
    .format(formats[query.format ?? "time_series"])
    .legendFormat(query.legend ?? "__auto");
  if (query.exemplars === true) target.exemplar(true);
  return query.at === "end" ? target.instant() : target.range();
};

export const oneLine = (expr: string): string => expr.trim().replace(/\s+/g, " ");

/**
 * A matcher of the variable of the same name, for whatever the chosen values hold. In a double-quoted string the
 * backslashes of the escaped value would be escapes of PromQL itself; in a raw one they reach the regular expression.
 */
const chosen = (label: string): string => `${label}=~\`\${${label}:regex}\``;

/** Of the chosen autoscalers. */
export const OF_AUTOSCALERS = `${chosen("namespace")}, ${chosen("autoscaler")}`;
/** A series that every autoscaler has while an operator answers, whatever else is known of it. */
export const EVERY_AUTOSCALER = "millrace_replicas_max";
/** Of the chosen queues of the chosen autoscalers. */
export const OF_QUEUES = `${OF_AUTOSCALERS}, ${chosen("queue")}`;
/** Of the chosen operators. */
export const OF_OPERATORS = `${chosen("job")}, ${chosen("instance")}`;

/** Of workers' own series. Exemplars know no join: with All chosen they are those of every queue. */
export const OF_WORKERS = chosen("queue");

/** Of series with the labels broker, vhost and queue, those of the chosen queues. */
export const onQueues = (expr: string): string =>
  `(${expr}) and on (broker, vhost, queue) queue:millrace_autoscaler_queue_info:max{${OF_QUEUES}}`;

/** One series an autoscaler, however many operators export it. */
export const perAutoscaler = (expr: string): string => `max by (namespace, autoscaler) (${expr})`;

/** One series a queue. Two vhosts may have queues of one name. */
export const perQueue = (expr: string): string => `max by (broker, vhost, queue) (${expr})`;

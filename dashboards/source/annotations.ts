import { AnnotationQueryBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { autoscalerAlerts, firing, operatorAlerts } from "./alerts.ts";
import { datasource, OF_AUTOSCALERS, oneLine } from "./query.ts";

const annotation = (name: string, expr: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(datasource)
    .enable(true)
    .expr(oneLine(expr))
    .step("60s")
    .useValueForTime(false);

/** Alerts of the chosen autoscalers that fire, as series. */
export const firingAutoscalerAlerts = firing(autoscalerAlerts, `, ${OF_AUTOSCALERS}`);
/** Alerts about the operator that fire, as series. */
export const firingOperatorAlerts = firing(operatorAlerts);

/** When alerts fired. */
export const alertAnnotation = (series: string): AnnotationQueryBuilder =>
  annotation("Firing alerts", series)
    .iconColor("red")
    .titleFormat("{{alertname}}")
    .textFormat("{{namespace}} {{autoscaler}} {{queue}}")
    .tagKeys("severity");

/**
 * Changes of the count by direction and reason, in each interval. The first of its kind begins a series, which is no
 * increase of one.
 */
export const scaleEvents = `
  max by (namespace, autoscaler, direction, reason) (increase(millrace_scale_events_total{${OF_AUTOSCALERS}}[$__rate_interval])) > 0
  or
  max by (namespace, autoscaler, direction, reason) (
    millrace_scale_events_total{${OF_AUTOSCALERS}} unless millrace_scale_events_total{${OF_AUTOSCALERS}} offset $__interval
  )`;

/** When counts were changed, and why. */
export const scaleAnnotation = (): AnnotationQueryBuilder =>
  annotation("Scale decisions", scaleEvents)
    .iconColor("blue")
    .titleFormat("{{namespace}}/{{autoscaler}} scaled {{direction}}")
    .textFormat("{{reason}}")
    .tagKeys("direction,reason");

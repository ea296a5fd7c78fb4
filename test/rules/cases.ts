import { type AlertCase, gauge, paused, perMinute } from "./alert-case.ts";
import { backlogCases } from "./backlog-cases.ts";
import { jobCases } from "./job-cases.ts";
import { OPERATOR, SUBJECT, type World } from "./worlds.ts";

const notFresh: World = {
  'millrace_autoscaler_condition{type="SignalsFresh",status="true"}': undefined,
  'millrace_autoscaler_condition{type="SignalsFresh",status="false"}': gauge(1),
};

const autoscalerCases: readonly AlertCase[] = [
  {
    alert: "MillraceReplicasUnavailable",
    fires: { millrace_replicas_ready: gauge(8) },
    labels: SUBJECT,
    byMinute: 30,
    notBeforeMinute: 14,
    quiet: {
      "more become ready all the time": {
        millrace_replicas_ready: { values: "0x8 1x8 2x8 3x8 4x8 5x8 6x400" },
        millrace_replicas_desired: { values: "6x400" },
      },
      paused: { millrace_replicas_ready: gauge(8), ...paused },
    },
  },
  {
    alert: "MillraceCrashLooping",
    fires: { millrace_pod_restarts_total: perMinute(1) },
    labels: SUBJECT,
    clearsWithinMinutes: 30,
    byMinute: 30,
    quiet: { "one restart": { millrace_pod_restarts_total: { values: "0x20 1x400" } } },
  },
  {
    alert: "MillraceAutoscalerFlapping",
    fires: {
      'millrace_scale_events_total{direction="out",reason="load"}': perMinute(0.5),
      'millrace_scale_events_total{direction="in",reason="idle"}': perMinute(0.5),
    },
    labels: SUBJECT,
    clearsWithinMinutes: 35,
    byMinute: 60,
    quiet: {
      "a long way up": { 'millrace_scale_events_total{direction="out",reason="load"}': perMinute(1) },
    },
  },
  {
    alert: "MillraceScaleFailing",
    fires: { 'millrace_scale_errors_total{outcome="failed"}': perMinute(2) },
    labels: SUBJECT,
    byMinute: 30,
    quiet: {
      "conflicts are tried again": { 'millrace_scale_errors_total{outcome="conflict"}': perMinute(2) },
    },
  },
  {
    alert: "MillraceTargetConflict",
    fires: { 'millrace_autoscaler_condition{type="TargetConflict",status="true"}': gauge(1) },
    labels: SUBJECT,
    byMinute: 10,
    notBeforeMinute: 4,
    quiet: {
      "another condition is true": { 'millrace_autoscaler_condition{type="Ready",status="true"}': gauge(1) },
    },
  },
  {
    alert: "MillraceObjectiveInfeasible",
    fires: { 'millrace_autoscaler_condition{type="ObjectiveFeasible",status="false"}': gauge(1) },
    labels: SUBJECT,
    byMinute: 40,
    notBeforeMinute: 29,
    quiet: {
      "for a while": {
        'millrace_autoscaler_condition{type="ObjectiveFeasible",status="false"}': { values: "1x20 stale" },
      },
    },
  },
  {
    alert: "MillraceSignalsUnknown",
    fires: {
      ...notFresh,
      'millrace_autoscaler_condition{type="SignalsFresh",status="false"}': undefined,
      'millrace_autoscaler_condition{type="SignalsFresh",status="unknown"}': gauge(1),
    },
    labels: SUBJECT,
    byMinute: 20,
    notBeforeMinute: 9,
    quiet: {
      "for a while": {
        'millrace_autoscaler_condition{type="SignalsFresh",status="false"}': { values: "1x8 stale" },
      },
      "another condition is false": {
        'millrace_autoscaler_condition{type="ObjectiveMet",status="false"}': gauge(1),
      },
      "the operator reads no broker, which is another alert's": {
        ...notFresh,
        millrace_broker_last_success_timestamp_seconds: gauge(0),
      },
      paused: { ...notFresh, ...paused },
    },
  },
  {
    alert: "MillraceSignalsUnknown",
    fires: notFresh,
    labels: SUBJECT,
    byMinute: 20,
    notBeforeMinute: 9,
    quiet: {},
  },
];

const operatorCases: readonly AlertCase[] = [
  {
    alert: "MillraceBrokerPollStale",
    fires: { millrace_broker_last_success_timestamp_seconds: gauge(0) },
    labels: OPERATOR,
    byMinute: 10,
    quiet: {
      "no broker is asked": { millrace_broker_last_success_timestamp_seconds: undefined },
      "one queue is missing beside good ones": notFresh,
    },
  },
  {
    alert: "MillraceWorkerMetricsStale",
    fires: { millrace_workers_last_success_timestamp_seconds: gauge(0) },
    labels: OPERATOR,
    byMinute: 15,
    quiet: { "no Prometheus is asked": { millrace_workers_last_success_timestamp_seconds: undefined } },
  },
  {
    alert: "MillraceOperatorDown",
    fires: { 'millrace_build_info{component="operator",version="1.0.0"}': undefined },
    labels: { component: "operator" },
    byMinute: 10,
    notBeforeMinute: 4,
    quiet: {
      "away for three minutes": {
        'millrace_build_info{component="operator",version="1.0.0"}': { values: "1x20 stale _x2 1x400" },
      },
    },
    whenAllVanish: "fires",
  },
  {
    alert: "MillraceOperatorNoLeader",
    fires: { millrace_operator_leader: gauge(0) },
    labels: OPERATOR,
    byMinute: 10,
    notBeforeMinute: 4,
    quiet: { "three minutes without one": { millrace_operator_leader: { values: "1x20 0x2 1x400" } } },
  },
  {
    alert: "MillraceReconcileErrors",
    fires: { millrace_reconcile_errors_total: perMinute(2) },
    labels: OPERATOR,
    byMinute: 40,
    quiet: { "two in all": { millrace_reconcile_errors_total: { values: "0x20 2x400" } } },
  },
  {
    alert: "MillraceAutoscalersRejected",
    fires: { millrace_autoscalers_rejected: gauge(1) },
    labels: OPERATOR,
    byMinute: 20,
    notBeforeMinute: 9,
    quiet: { "for a while": { millrace_autoscalers_rejected: { values: "1x5 0x400" } } },
  },
];

export const alertCases: readonly AlertCase[] = [
  ...backlogCases,
  ...jobCases,
  ...autoscalerCases,
  ...operatorCases,
];

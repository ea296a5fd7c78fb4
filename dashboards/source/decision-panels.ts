import { scaleEvents } from "./annotations.ts";
import type { Row } from "./dashboard.ts";
import { bars, figures, states, wordsOf } from "./panels.ts";
import { OF_AUTOSCALERS, perAutoscaler } from "./query.ts";

const reasons = () =>
  states(
    {
      title: "Why the count is what it is",
      description:
        "The reason of the latest verdict and the first thing that limits it. docs/worker-autoscaler.md lists them; `millrace explain` tells the numbers.",
      unit: "none",
      empty: "Nothing has been decided yet.",
      width: 12,
    },
    [
      {
        expr: `max by (reason, limiting_factor) (millrace_decision_info{${OF_AUTOSCALERS}}) == 1`,
        legend: "{{reason}} {{limiting_factor}}",
      },
    ],
    wordsOf({ 1: { text: "in force", color: "blue" } }),
  );

const status = (value: string): string =>
  `max by (type) (millrace_autoscaler_condition{${OF_AUTOSCALERS}, status="${value}"} == 1)`;

const conditions = () =>
  states(
    {
      title: "Conditions",
      description:
        "As in the status of the WorkerAutoscaler. Ready, SignalsFresh, ObjectiveMet and ObjectiveFeasible should be yes, all others no.",
      unit: "none",
      empty: "Nothing has been decided yet.",
      width: 12,
    },
    [{ expr: `${status("true")} or 0 * ${status("false")} or 2 * ${status("unknown")}`, legend: "{{type}}" }],
    wordsOf({
      0: { text: "no", color: "blue" },
      1: { text: "yes", color: "green" },
      2: { text: "unknown", color: "text" },
    }),
  );

const events = () =>
  bars(
    {
      title: "Changes of the count",
      description: "How often the count was changed, by direction and reason.",
      unit: "short",
      empty: "The count was not changed in this time.",
      width: 12,
    },
    [{ expr: scaleEvents, legend: "{{direction}}: {{reason}}" }],
  ).interval("1m");

const errors = () =>
  bars(
    {
      title: "Changes that were not made",
      description:
        "Counts that were decided and could not be set: conflict (somebody else changed the target meanwhile; it is decided anew) and failed.",
      unit: "short",
      empty: "Every decision was carried out.",
      width: 6,
    },
    [
      {
        expr: `max by (outcome) (increase(millrace_scale_errors_total{${OF_AUTOSCALERS}}[$__rate_interval]))`,
        legend: "{{outcome}}",
      },
    ],
  ).interval("1m");

const atMax = () =>
  figures(
    {
      title: "Time at max",
      description:
        "The share of the shown time at which all allowed replicas existed. Much of it: raise replicas.max, or the promise cannot be kept.",
      unit: "percentunit",
      empty: "The operator has not seen the target yet.",
      width: 6,
    },
    [
      {
        expr: `avg_over_time((${perAutoscaler(`millrace_replicas_current{${OF_AUTOSCALERS}}`)} >= bool ${perAutoscaler(`millrace_replicas_max{${OF_AUTOSCALERS}}`)})[$__range:$__interval])`,
        legend: "at max",
      },
      {
        expr: `time() - ${perAutoscaler(`millrace_scale_last_change_timestamp_seconds{${OF_AUTOSCALERS}}`)}`,
        legend: "since the last change",
      },
    ],
  ).overrideByQuery("B", [{ id: "unit", value: "s" }]);

export const decisionRow = (): Row => ({
  title: "What the autoscaler decided, and why",
  panels: [reasons(), conditions(), events(), errors(), atMax()],
});

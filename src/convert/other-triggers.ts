import { isTimeZone } from "../resource/zoned-time.ts";
import { durationBetween } from "./cron-duration.ts";
import type { Notes } from "./note.ts";
import type { IndexedTrigger } from "./rabbitmq-triggers.ts";

type Schedule = {
  readonly name: string;
  readonly timezone: string;
  readonly start: string;
  readonly durationSeconds: number;
  readonly minReplicas: number;
};
type Others = { readonly schedules?: readonly Schedule[]; readonly floor?: { readonly promql: string } };

/** Triggers beside RabbitMQ: cron becomes a schedule, prometheus a floor, the rest has no equal. */
export function convertOtherTriggers(triggers: readonly IndexedTrigger[], notes: Notes): Others {
  const schedules: Schedule[] = [];
  const expressions: string[] = [];
  for (const { trigger, field } of triggers) {
    if (trigger.type === "cron") {
      const schedule = scheduleOf({ trigger, field }, { notes, taken: schedules.map(({ name }) => name) });
      if (schedule !== undefined) schedules.push(schedule);
    } else if (trigger.type === "prometheus") {
      const expression = expressionOf({ trigger, field }, notes);
      if (expression !== undefined) expressions.push(expression);
    } else notes.add("no-equal", field, reasonFor(trigger.type));
  }
  const promql = floorOf(expressions);
  return {
    ...(schedules.length > 0 && { schedules }),
    ...(promql !== undefined && { floor: { promql } }),
  };
}

function reasonFor(type: string): string {
  if (type === "cpu" || type === "memory")
    return `${type} is left out: use of the ${type} says nothing of how long a job waits; slots and requests of the pods bound it`;
  return `${type} is left out: a WorkerAutoscaler looks at RabbitMQ queues. Where the figure is in Prometheus, floor.promql can ask for more replicas by it`;
}

function scheduleOf(
  { trigger, field }: IndexedTrigger,
  { notes, taken }: { readonly notes: Notes; readonly taken: readonly string[] },
): Schedule | undefined {
  const { timezone = "UTC", start = "", end = "", desiredReplicas = "" } = trigger.metadata;
  const minReplicas = Number(desiredReplicas);
  const duration = durationBetween(start, end);
  const because =
    duration.kind === "none"
      ? duration.because
      : !isTimeZone(timezone)
        ? `unknown time zone ${timezone}`
        : !Number.isSafeInteger(minReplicas) || desiredReplicas === ""
          ? "desiredReplicas is no whole number"
          : undefined;
  if (because !== undefined || duration.kind === "none") {
    notes.add("no-equal", field, `cron is left out: ${because}. Write spec.schedules by hand`);
    return undefined;
  }
  const name = freeName(trigger.name ?? "cron", taken);
  notes.add(
    "derived",
    `schedules "${name}"`,
    `${duration.seconds} s from "${start}" to "${end}"; at least ${minReplicas} replicas meanwhile`,
  );
  return { name, timezone, start, durationSeconds: duration.seconds, minReplicas };
}

function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted.slice(0, 63);
  for (let count = 2; taken.includes(name); count++) name = `${wanted.slice(0, 58)}-${count}`;
  return name;
}

function expressionOf({ trigger, field }: IndexedTrigger, notes: Notes): string | undefined {
  const { query = "", threshold = "", serverAddress } = trigger.metadata;
  if (trigger.metricType === "Value" || query.trim() === "" || !(Number(threshold) > 0)) {
    notes.add(
      "no-equal",
      field,
      "prometheus is left out: only an AverageValue with a query and a threshold above 0 says how many replicas it asks for. Write floor.promql by hand",
    );
    return undefined;
  }
  notes.add(
    "derived",
    "floor.promql",
    `the query / threshold ${threshold}, rounded up: it can ask for more replicas, never for fewer, and a value that is missing counts as unknown, not as 0`,
  );
  notes.add(
    "to-do",
    `${field}.metadata.serverAddress`,
    `the operator asks its own Prometheus (--prometheus-url); this was ${serverAddress === undefined ? "not named" : withoutPassword(serverAddress)}`,
  );
  return `(${query.trim()}) / ${threshold}`;
}

const withoutPassword = (url: string): string => url.replace(/\/\/[^@/]*@/, "//");

/** The largest of them; each gets a label of its own, because `or` drops what has the same labels. */
function floorOf(expressions: readonly string[]): string | undefined {
  if (expressions.length <= 1)
    return expressions[0] === undefined ? undefined : `ceil(max(${expressions[0]}))`;
  const labelled = expressions.map(
    (expression, index) => `label_replace(${expression}, "trigger", "${index + 1}", "", "")`,
  );
  return `ceil(max(${labelled.join(" or ")}))`;
}

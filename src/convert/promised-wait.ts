import type { Trigger } from "./scaled-object.ts";

/** What a person says of the promise and of the workers, because no ScaledObject does. */
export type Knowledge = {
  /** The promised wait, whatever the triggers say. */
  readonly waitSeconds?: number;
  /** Mean run time of a job. */
  readonly serviceSeconds?: number;
  /** Jobs that a replica runs at a time. */
  readonly slotsPerReplica?: number;
};

/** Promised where nothing says what was meant: soon for a person who waits, late enough for most pods to start. */
export const chosenWaitSeconds = 30;

const longestSeconds = 31_536_000;

/** The mode and the value of a RabbitMQ trigger; `queueLength` is the older spelling. */
export function modeOf({ metadata }: Trigger): { readonly mode: string; readonly value: number } {
  const { mode = "QueueLength", value, queueLength } = metadata;
  return { mode, value: Number(value ?? queueLength ?? 20) };
}

/** `seconds` is undefined where the trigger's value stood for no wait; `because` says how it came about, or why not. */
type Wait = { readonly seconds?: number; readonly because: string };

/** The wait that a trigger's value stood for. */
export function promisedWait(trigger: Trigger, knowledge: Knowledge): Wait {
  if (knowledge.waitSeconds !== undefined)
    return { seconds: knowledge.waitSeconds, because: `${knowledge.waitSeconds} s, as asked for` };
  const derived = derivedWait(trigger, knowledge);
  if (derived !== undefined) return derived;
  const { mode, value } = modeOf(trigger);
  const meaning = isPerReplica(trigger)
    ? (meanings[mode] ?? "says nothing of a wait")
    : "as a Value says when the count changes, not how long jobs may wait";
  return { because: `${mode} ${Number.isFinite(value) ? value : ""} ${meaning}; --wait-seconds sets it` };
}

const isPerReplica = ({ metricType = "AverageValue" }: Trigger): boolean => metricType === "AverageValue";

const meanings: Readonly<Record<string, string>> = {
  QueueLength:
    "says how many messages there may be for each replica: the last of them waits as many x the mean run time of a job / jobs at a time in a replica. With --service-seconds (and --slots) it is derived",
  MessageRate: "says how many messages per second there may be for each replica, not how long they may wait",
  DeliverGetRate:
    "says how many deliveries per second there may be for each replica, not how long jobs may wait",
  PublishedToDeliveredRatio: "is a ratio of rates: it is kept by any backlog that does not grow",
};

function derivedWait(
  trigger: Trigger,
  { serviceSeconds, slotsPerReplica = 1 }: Knowledge,
): Required<Wait> | undefined {
  const { mode, value } = modeOf(trigger);
  if (!(value > 0)) return undefined;
  if (mode === "ExpectedQueueConsumptionTime") {
    const perReplica = isPerReplica(trigger)
      ? "; as an AverageValue it allowed that much for each replica, so the more replicas the longer: here it is one promise"
      : "";
    const seconds = roundedSeconds(value);
    return {
      seconds,
      because: `${seconds} s, the value of ExpectedQueueConsumptionTime: the time that the backlog may take${perReplica}`,
    };
  }
  if (mode !== "QueueLength" || !isPerReplica(trigger) || serviceSeconds === undefined) return undefined;
  const seconds = roundedSeconds((value * serviceSeconds) / slotsPerReplica);
  return {
    seconds,
    because: `${seconds} s = ${value} messages for each replica x ${serviceSeconds} s a job / ${slotsPerReplica} at a time: the wait of the last of them`,
  };
}

const roundedSeconds = (seconds: number): number =>
  Math.min(longestSeconds, Math.max(0.001, Math.round(seconds * 1_000) / 1_000));

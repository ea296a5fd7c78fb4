import type { Notes } from "./note.ts";
import { chosenWaitSeconds, type Knowledge, modeOf, promisedWait } from "./promised-wait.ts";
import { boundedPatterns } from "./queue-patterns.ts";
import type { Trigger } from "./scaled-object.ts";
import { vhostOf } from "./vhost.ts";

export type IndexedTrigger = { readonly trigger: Trigger; readonly field: string };
type QueueEntry = {
  readonly name?: string;
  readonly pattern?: string;
  readonly vhost: string;
  readonly waitSeconds?: number;
};
type Queues =
  | {
      readonly kind: "queues";
      readonly queues: readonly QueueEntry[];
      readonly waitSeconds: number;
      readonly expectedServiceSeconds?: number;
    }
  | { readonly kind: "refused"; readonly because: readonly string[] };
/** A queue, the strictest wait that one of its triggers tells, and why there is none if there is none. */
type Found = {
  readonly entry: QueueEntry;
  readonly wait: number | undefined;
  readonly field: string;
  readonly because: string;
};

/** The queues of all RabbitMQ triggers, each once, and the promise: the longest wait, with the shorter ones at their queues. */
export function convertQueues(
  triggers: readonly IndexedTrigger[],
  knowledge: Knowledge,
  notes: Notes,
): Queues {
  const because: string[] = [];
  const found = new Map<string, Found>();
  for (const { trigger, field } of triggers) {
    const named = entriesOf(trigger, { notes, field });
    if (named.kind === "unusable") {
      because.push(`${field}.metadata.queueName: ${named.because}`);
      continue;
    }
    const { seconds, because: why } = promisedWait(trigger, knowledge);
    if (seconds !== undefined && knowledge.waitSeconds === undefined)
      notes.add("derived", `${field}.metadata.value`, `waitSeconds ${why}`);
    for (const entry of named.entries) merge(found, { entry, wait: seconds, field, because: why });
    sayWhatIsLeftOut(trigger, { notes, field: `${field}.metadata` });
  }
  if (because.length > 0) return { kind: "refused", because };
  noteChosenWait([...found.values()], notes);
  const waits = [...found.values()].map(({ wait }) => wait ?? chosenWaitSeconds);
  const waitSeconds = Math.max(...waits);
  const expectedServiceSeconds = knowledge.serviceSeconds ?? serviceByRate(triggers, knowledge, notes);
  return {
    kind: "queues",
    waitSeconds,
    queues: [...found.values()].map(({ entry, wait = chosenWaitSeconds }) =>
      wait < waitSeconds ? { ...entry, waitSeconds: wait } : entry,
    ),
    ...(expectedServiceSeconds !== undefined && { expectedServiceSeconds }),
  };
}

/** A queue may have several triggers, a length and a rate. */
function merge(found: Map<string, Found>, next: Found): void {
  const { vhost, name, pattern } = next.entry;
  const key = JSON.stringify([vhost, name, pattern]);
  const before = found.get(key);
  const waits = [before?.wait, next.wait].filter((wait) => wait !== undefined);
  found.set(key, { ...(before ?? next), wait: waits.length === 0 ? undefined : Math.min(...waits) });
}

function noteChosenWait(found: readonly Found[], notes: Notes): void {
  const untold = found.filter(({ wait }) => wait === undefined);
  const reasons = new Set(untold.map(({ field, because }) => `${field}: ${because}`));
  for (const reason of reasons)
    notes.add("chosen", "objective.waitSeconds", `${chosenWaitSeconds} s is chosen, not derived. ${reason}`);
}

function entriesOf(
  trigger: Trigger,
  { notes, field }: { readonly notes: Notes; readonly field: string },
):
  | { readonly kind: "entries"; readonly entries: readonly QueueEntry[] }
  | { readonly kind: "unusable"; readonly because: string } {
  const { queueName = "", useRegex } = trigger.metadata;
  if (queueName === "") return { kind: "unusable", because: "required" };
  const { vhost, isGuess } = vhostOf(trigger);
  if (isGuess)
    notes.add(
      "chosen",
      `${field}.metadata`,
      'vhost "/": the host comes from elsewhere, and its vhost is not seen here; set queues[].vhost if it is another one',
    );
  if (useRegex !== "true") return { kind: "entries", entries: [{ name: queueName, vhost }] };
  const bounded = boundedPatterns(queueName);
  if (bounded.kind === "unusable") return bounded;
  if (bounded.isNarrower)
    notes.add(
      "changed",
      `${field}.metadata.queueName`,
      `"${queueName}" took in every name that contains a match; here a name must begin with it`,
    );
  const { operation = "sum" } = trigger.metadata;
  if (operation !== "sum")
    notes.add(
      "no-equal",
      `${field}.metadata.operation`,
      `${operation}: every queue that matches is sized by its own load, and the work adds up`,
    );
  return { kind: "entries", entries: bounded.patterns.map((pattern) => ({ pattern, vhost })) };
}

/** What one replica copes with, told by a rate, is how long a job runs once it is known how many it runs at a time. */
function serviceByRate(
  triggers: readonly IndexedTrigger[],
  { slotsPerReplica }: Knowledge,
  notes: Notes,
): number | undefined {
  const rates = triggers.flatMap(({ trigger }) => {
    const { mode, value } = modeOf(trigger);
    const isRate = mode === "MessageRate" || mode === "DeliverGetRate";
    return isRate && trigger.metricType !== "Value" && value > 0 ? [value] : [];
  });
  if (slotsPerReplica === undefined || rates.length === 0) return undefined;
  const rate = Math.min(...rates);
  const seconds = Math.min(31_536_000, Math.max(0.000_001, slotsPerReplica / rate));
  notes.add(
    "derived",
    "expectedServiceSeconds",
    `${seconds} s = ${slotsPerReplica} at a time / ${rate} per second for each replica; assumed until it is measured`,
  );
  return seconds;
}

/** Read above, or said elsewhere to belong to the broker. */
const understood = new Set(["host", "hostFromEnv", "queueName", "mode", "value", "queueLength", "vhostName"]);
const notNeeded: Readonly<Record<string, string>> = {
  protocol: "the operator's configuration says how the broker is reached",
  pageSize: "all of a broker's queues are read at once",
  timeout: "the operator bounds every request",
  metricName: "no metric is made for another autoscaler",
  excludeUnacknowledged:
    "ready messages say how many replicas are needed, unacknowledged ones which may not be removed",
};
const read = new Set(["useRegex", "operation"]);

function sayWhatIsLeftOut(
  { metadata, useCachedMetrics, metricType }: Trigger,
  { notes, field }: { readonly notes: Notes; readonly field: string },
): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (understood.has(key) || read.has(key)) continue;
    if (key === "activationValue") {
      if (Number(value) !== 0) notes.add("no-equal", `${field}.${key}`, activation);
    } else if (notNeeded[key] !== undefined) {
      notes.add("no-equal", `${field}.${key}`, `not needed: ${notNeeded[key]}`);
    } else {
      notes.add("to-do", `${field}.${key}`, "belongs to the broker in the operator's configuration");
    }
  }
  const trigger = field.replace(/\.metadata$/, "");
  if (useCachedMetrics !== undefined)
    notes.add(
      "no-equal",
      `${trigger}.useCachedMetrics`,
      "not needed: a broker is asked once for all autoscalers",
    );
  if (metricType === "Value")
    notes.add(
      "changed",
      `${trigger}.metricType`,
      "Value: the count was a multiple of the ready replicas; here it follows from the load alone",
    );
}

const activation =
  "left out: with a threshold for the first replica the first jobs would wait until enough others came, and the promise would be broken for them";

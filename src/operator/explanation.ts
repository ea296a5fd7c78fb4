import type { QueueReading, Verdict } from "../control/contract.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import { instant } from "./instant.ts";

type Maybe<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A decision as the operator tells it, or as a status keeps it. */
type ExplainedDecision = {
  readonly time: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  readonly explanation: string;
} & Maybe<{
  readonly recommended: number;
  readonly limitedBy: readonly string[];
  readonly outcome: string;
  readonly problem: string;
  readonly repeated: number;
}>;
type ExplainedStatus = Maybe<{
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly message: string;
  }[];
  readonly replicas: Maybe<Record<"current" | "desired" | "recommended" | "ready", number>>;
  /** A ratio as a number, or as text the way a status on a cluster has it. */
  readonly objective: Maybe<{ readonly attainmentRatio: number | string }>;
  readonly estimate: Maybe<
    Record<"arrivalsPerSecond" | "serviceSeconds" | "startupSeconds" | "predictedWaitSeconds", number>
  >;
  readonly lastDecision: ExplainedDecision;
  readonly history: readonly ExplainedDecision[];
}>;

/** What an operator answers about an autoscaler; or only what a cluster has of it, without all that a status cannot hold. */
export type Explained = Pick<WorkerAutoscaler, "metadata" | "spec"> &
  Maybe<{
    readonly status: ExplainedStatus;
    readonly lookedAt: string;
    readonly signals: readonly QueueReading[];
    readonly verdict: Verdict;
    readonly decisions: readonly ExplainedDecision[];
    readonly notes: readonly string[];
  }>;

/** The answer to "why this many?" as text for people: promise, knowledge, decisions, terms, and what would change it. */
export function explanationOf(
  view: Explained,
  { last, nowMs }: { readonly last: number; readonly nowMs: number },
): string {
  const { metadata } = view;
  const made = decisionsOf(view);
  return [
    `${metadata.namespace}/${metadata.name}`,
    ...section("Promise", promise(view)),
    ...section("Replicas", replicas(view)),
    ...section("Known", known(view, nowMs)),
    ...section(`Last decisions (of ${made.length})`, decisions(made.slice(-last))),
    ...section("Terms of the latest look", terms(view)),
    ...section("What would change it", whatWouldChange(view)),
  ].join("\n");
}

/** Those that the operator tells, else the changes that a status keeps, and the last hold where it came after them. */
function decisionsOf({ decisions: told, status }: Explained): readonly ExplainedDecision[] {
  if (told !== undefined) return told;
  const { history = [], lastDecision } = status ?? {};
  if (lastDecision === undefined || history.at(-1)?.time === lastDecision.time) return history;
  return [...history, lastDecision];
}

function section(title: string, lines: readonly string[]): string[] {
  return ["", `${title}:`, ...(lines.length === 0 ? ["  nothing yet"] : lines.map((line) => `  ${line}`))];
}

function promise({ spec, status }: Explained): string[] {
  const { waitSeconds, attainmentRatio } = spec.objective;
  const stricter = spec.queues.flatMap(({ name, pattern, waitSeconds: own }) =>
    own === undefined ? [] : [`${name ?? pattern} within ${own} s`],
  );
  const measured = status?.objective?.attainmentRatio;
  const met = status?.conditions?.find(({ type }) => type === "ObjectiveMet");
  return [
    `${percent(attainmentRatio)} of the jobs start within ${waitSeconds} s${stricter.length === 0 ? "" : `, ${stricter.join(", ")}`}.`,
    measured === undefined
      ? (met?.message ?? "How many did is not known.")
      : `${percent(Number(measured))} did.`,
  ];
}

function replicas({ spec, status }: Explained): string[] {
  const { current, desired, recommended, ready } = status?.replicas ?? {};
  const target = `${spec.scaleTargetRef.kind} ${spec.scaleTargetRef.name}`;
  if (desired === undefined) return [`${target} could not be observed.`];
  return [
    `${target}: ${desired} wanted, ${current ?? 0} there, ${ready ?? 0} ready; the policy recommends ${recommended ?? desired}, from ${spec.replicas.min} to ${spec.replicas.max} are allowed.`,
    ...(spec.mode === "DryRun" ? ["DryRun: nothing is changed, decisions are only reported."] : []),
  ];
}

function known({ signals = [], status, lookedAt, notes = [] }: Explained, nowMs: number): string[] {
  const { arrivalsPerSecond, serviceSeconds, startupSeconds, predictedWaitSeconds } = status?.estimate ?? {};
  const estimates = [
    ["arrivals", arrivalsPerSecond, "jobs/s"],
    ["service time", serviceSeconds, "s"],
    ["start-up", startupSeconds, "s"],
    ["predicted wait", predictedWaitSeconds, "s"],
  ] as const;
  const figures = estimates.flatMap(([name, value, unit]) =>
    value === undefined ? [] : [`${name} ${round(value)} ${unit}`],
  );
  return [
    ...(lookedAt === undefined
      ? []
      : [`looked at ${seconds((nowMs - Date.parse(lookedAt)) / 1_000)} ago`, ...signals.map(queueLine)]),
    ...(figures.length === 0 ? [] : [figures.join(", ")]),
    ...notes,
    ...(lookedAt === undefined ? saidByReady(status) : []),
  ];
}

/** Without an operator's notes, what it knows and what it says of the target; while not ready it stands in the way. */
function saidByReady(status: Explained["status"]): string[] {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True" ? [ready.message] : [];
}

function queueLine({ id, broker, workers }: QueueReading): string {
  const parts = [
    broker === undefined
      ? "ready unknown"
      : `${broker.ready} ready${unacked(broker.unacked)} (${seconds(broker.ageSeconds)} old)`,
    workers === undefined
      ? "workers unknown"
      : `${round(workers.running)} running on ${workers.reportingReplicas} reporting replicas (${seconds(workers.ageSeconds)} old)`,
  ];
  return `${id}: ${parts.join(", ")}`;
}

const unacked = (count: number | undefined): string => (count === undefined ? "" : `, ${count} unacked`);

function decisions(list: readonly ExplainedDecision[]): string[] {
  return list.map((decision) => {
    const { time, from, to, reason, limitedBy = [], outcome = "scaled", problem, repeated = 0 } = decision;
    const step = from === to ? `${from}` : `${from} → ${to}`;
    const notes = [
      ...(outcome === "scaled" || outcome === "held"
        ? []
        : [outcome + (problem === undefined ? "" : `: ${problem}`)]),
      ...(limitedBy.length === 0 ? [] : [`limited by ${limitedBy.join(", ")}`]),
      ...(repeated === 0 ? [] : [`and ${repeated} times more`]),
    ];
    const remark = notes.length === 0 ? "" : ` (${notes.join("; ")})`;
    return `${time}  ${step}  ${reason}${remark}  ${decision.explanation}`;
  });
}

/** A status keeps no single terms, only what came of them. */
function terms({ verdict, status }: Explained): string[] {
  const parts = verdict?.terms ?? [];
  const { recommended, to } = verdict ?? status?.lastDecision ?? {};
  if (to === undefined) return [];
  const width = Math.max(...parts.map(({ name }) => name.length), 11);
  const row = (name: string, value: number) => `${name.padEnd(width)}  ${String(round(value)).padStart(6)}`;
  return [
    ...parts.map(({ name, replicas }) => row(name, replicas)),
    ...(recommended === undefined ? [] : [row("recommended", recommended)]),
    row("decided", to),
  ];
}

/** Conditions that stand in the way, each with its sentence; then the bounds that were met, and the hold with the time of its end. */
export function whatWouldChange({
  status,
  verdict,
  spec,
  lookedAt,
}: Pick<Explained, "status" | "verdict" | "spec" | "lookedAt">): string[] {
  const isGood = new Set(["Ready", "SignalsFresh", "ObjectiveMet", "ObjectiveFeasible"]);
  const standing = (status?.conditions ?? []).filter(
    ({ type, status: is }) => is === (isGood.has(type) ? "False" : "True"),
  );
  const sentences = new Set(standing.map(({ type, message }) => `${type}: ${message}`));
  const limitedBy = (verdict ?? status?.lastDecision)?.limitedBy ?? [];
  const bounds = [
    ...boundsMet(limitedBy, spec),
    ...(limitedBy.includes("scale-in-hold") ? [endOfHold(verdict, lookedAt)] : []),
  ];
  if (status?.conditions === undefined && verdict === undefined) return bounds;
  const all = [...sentences, ...bounds];
  return all.length === 0 ? ["Only the load: nothing else stands in the way."] : all;
}

const boundsMet = (limitedBy: readonly string[], { replicas: { min, max } }: Explained["spec"]): string[] => [
  ...(limitedBy.includes("max") ? [`A higher spec.replicas.max than ${max}.`] : []),
  ...(limitedBy.includes("min") ? [`A lower spec.replicas.min than ${min}.`] : []),
];

/** Its time is to whole seconds, so that it stays the same from look to look. */
function endOfHold(verdict: Verdict | undefined, lookedAt: string | undefined): string {
  const left = verdict?.holdLeftSeconds;
  const rule = "fewer replicas must have been enough for its whole length (spec.scaleIn.holdSeconds).";
  if (left === undefined || lookedAt === undefined) return `The end of the hold: ${rule}`;
  const endMs = Math.round(Date.parse(lookedAt) / 1_000 + left) * 1_000;
  return `The end of the hold, at ${instant(endMs)} unless more are needed before: ${rule}`;
}

const percent = (ratio: number): string => `${Math.round(ratio * 1_000) / 10} %`;
const round = (value: number): number => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
const seconds = (value: number): string => `${Math.max(0, Math.round(value * 10) / 10)} s`;

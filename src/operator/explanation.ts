import type { QueueReading } from "../control/contract.ts";
import type { AutoscalerView, DecisionView } from "./autoscaler-view.ts";

/** The answer to "why this many?" as text for people: promise, knowledge, decisions, terms, and what would change it. */
export function explanationOf(
  view: AutoscalerView,
  { last, nowMs }: { readonly last: number; readonly nowMs: number },
): string {
  const { metadata } = view;
  return [
    `${metadata.namespace}/${metadata.name}`,
    ...section("Promise", promise(view)),
    ...section("Replicas", replicas(view)),
    ...section("Known", known(view, nowMs)),
    ...section(`Last decisions (of ${view.decisions.length})`, decisions(view.decisions.slice(-last))),
    ...section("Terms of the latest look", terms(view)),
    ...section("What would change it", changes(view)),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return ["", `${title}:`, ...(lines.length === 0 ? ["  nothing yet"] : lines.map((line) => `  ${line}`))];
}

function promise({ spec, status }: AutoscalerView): string[] {
  const { waitSeconds, attainmentRatio } = spec.objective;
  const stricter = spec.queues.flatMap(({ name, waitSeconds: own }) =>
    own === undefined ? [] : [`${name} within ${own} s`],
  );
  const measured = status.objective.attainmentRatio;
  return [
    `${percent(attainmentRatio)} of the jobs start within ${waitSeconds} s${stricter.length === 0 ? "" : `, ${stricter.join(", ")}`}.`,
    measured === undefined ? "How many did is not known." : `${percent(measured)} did.`,
  ];
}

function replicas({ spec, status }: AutoscalerView): string[] {
  const { current, desired, recommended, ready } = status.replicas;
  const target = `${spec.scaleTargetRef.kind} ${spec.scaleTargetRef.name}`;
  if (desired === undefined) return [`${target} could not be observed.`];
  return [
    `${target}: ${desired} wanted, ${current ?? 0} there, ${ready ?? 0} ready; the policy recommends ${recommended ?? desired}, from ${spec.replicas.min} to ${spec.replicas.max} are allowed.`,
    ...(spec.mode === "DryRun" ? ["DryRun: nothing is changed, decisions are only reported."] : []),
  ];
}

function known({ signals, status, lookedAt }: AutoscalerView, nowMs: number): string[] {
  if (lookedAt === undefined) return [];
  const age = seconds((nowMs - Date.parse(lookedAt)) / 1_000);
  const { arrivalsPerSecond, serviceSeconds, startupSeconds, predictedWaitSeconds } = status.estimate;
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
    `looked at ${age} ago`,
    ...signals.map(queueLine),
    ...(figures.length === 0 ? [] : [figures.join(", ")]),
  ];
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

function decisions(list: readonly DecisionView[]): string[] {
  return list.map(({ time, from, to, reason, limitedBy, outcome, problem, explanation, repeated }) => {
    const step = from === to ? `${from}` : `${from} → ${to}`;
    const notes = [
      ...(outcome === "scaled" || outcome === "held"
        ? []
        : [outcome + (problem === undefined ? "" : `: ${problem}`)]),
      ...(limitedBy.length === 0 ? [] : [`limited by ${limitedBy.join(", ")}`]),
      ...(repeated === 0 ? [] : [`and ${repeated} times more`]),
    ];
    return `${time}  ${step}  ${reason}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}  ${explanation}`;
  });
}

function terms({ verdict }: AutoscalerView): string[] {
  if (verdict === undefined) return [];
  const width = Math.max(...verdict.terms.map(({ name }) => name.length), 11);
  const row = (name: string, value: number) => `${name.padEnd(width)}  ${String(round(value)).padStart(6)}`;
  return [
    ...verdict.terms.map(({ name, replicas }) => row(name, replicas)),
    row("recommended", verdict.recommended),
    row("decided", verdict.to),
  ];
}

/** Conditions that stand in the way, each with its sentence; then the bound that was met. */
function changes({ status, verdict, spec }: AutoscalerView): string[] {
  const isGood = new Set(["Ready", "SignalsFresh", "ObjectiveMet", "ObjectiveFeasible"]);
  const standing = status.conditions.filter(
    ({ type, status: is }) => is === (isGood.has(type) ? "False" : "True"),
  );
  const sentences = new Set(standing.map(({ type, message }) => `${type}: ${message}`));
  if (verdict?.limitedBy.includes("max"))
    sentences.add(`A higher spec.replicas.max than ${spec.replicas.max}.`);
  if (verdict?.limitedBy.includes("min"))
    sentences.add(`A lower spec.replicas.min than ${spec.replicas.min}.`);
  return sentences.size === 0 ? ["Only the load: nothing else stands in the way."] : [...sentences];
}

const percent = (ratio: number): string => `${Math.round(ratio * 1_000) / 10} %`;
const round = (value: number): number => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
const seconds = (value: number): string => `${Math.max(0, Math.round(value * 10) / 10)} s`;

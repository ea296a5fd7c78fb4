import type { Estimate, Verdict } from "../control/contract.ts";
import type { Autoscaler } from "../operator/autoscaler.ts";
import type { FleetObservation } from "../operator/ports.ts";
import { warmAdvice } from "../operator/warm-advice.ts";
import type { Point, Summary } from "./contract.ts";
import { judge, type PromiseFacts } from "./promise-verdict.ts";

export type Moment = {
  readonly nowMs: number;
  /** A look older than this says nothing about now. */
  readonly staleAfterSeconds: number;
};

/** One autoscaler as the overview needs it. Costs microseconds, whatever its history. */
export function summaryOf(autoscaler: Autoscaler, moment: Moment): Summary {
  const { resource, latest, waits } = autoscaler;
  const { metadata, spec } = resource;
  const { waitSeconds, attainmentRatio: promisedRatio } = spec.objective;
  const { arrivalsPerSecond, startupSeconds } = tidyEstimate(latest?.verdict);
  const attainmentRatio = latest?.verdict?.estimate.attainmentRatio;
  const facts = factsOf(autoscaler, moment);
  const { predictedWaitSeconds, backlog, limitedBy, feasibility } = facts;
  return {
    key: autoscaler.key,
    namespace: metadata.namespace,
    name: metadata.name,
    target: `${spec.scaleTargetRef.kind} ${spec.scaleTargetRef.name}`,
    promise: { waitSeconds, attainmentRatio: promisedRatio },
    mode: spec.mode,
    ...judge(facts),
    replicas: replicasOf(autoscaler),
    limitedBy,
    feasibility,
    ...known({
      attainmentRatio,
      waitSecondsP95: waits.p95Seconds(moment.nowMs),
      predictedWaitSeconds,
      backlog,
      arrivalsPerSecond,
      lastDecision: lastChangeOf(autoscaler),
      warmAdvice:
        feasibility.kind === "infeasible"
          ? warmAdvice(feasibility.warmReplicasNeeded, spec.replicas)
          : undefined,
      startupSeconds,
      lookedAt: latest && new Date(latest.atMs).toISOString(),
      point: pointOf(autoscaler),
    }),
  };
}

function factsOf(autoscaler: Autoscaler, { nowMs, staleAfterSeconds }: Moment): PromiseFacts {
  const { resource, latest, conditions } = autoscaler;
  const { reason, feasibility, limitedBy = [] } = latest?.verdict ?? {};
  return {
    ...known({
      predictedWaitSeconds: tidyEstimate(latest?.verdict).predictedWaitSeconds,
      backlog: backlogOf(autoscaler),
      ageSeconds: ageSeconds(autoscaler, nowMs),
      reason,
    }),
    feasibility: feasibility ?? { kind: "unknown" },
    limitedBy,
    spec: resource.spec,
    conditions,
    staleAfterSeconds,
    starting: fleetOf(latest?.fleet)?.starting.length ?? 0,
  };
}

/** Whether the latest look is too old to say anything about now. */
export function isStale(autoscaler: Autoscaler, { nowMs, staleAfterSeconds }: Moment): boolean {
  return (ageSeconds(autoscaler, nowMs) ?? 0) > staleAfterSeconds;
}

/** The latest look as the charts need it; undefined before the first. */
export function pointOf(autoscaler: Autoscaler): Point | undefined {
  const { latest, resource } = autoscaler;
  if (latest === undefined) return undefined;
  const { arrivalsPerSecond, predictedWaitSeconds } = tidyEstimate(latest.verdict);
  const fleet = fleetOf(latest.fleet);
  return {
    time: secondOf(latest.atMs),
    backlog: backlogOf(autoscaler) ?? null,
    arrivalsPerSecond: arrivalsPerSecond ?? null,
    desired: desiredOf(autoscaler) ?? null,
    ready: fleet?.ready ?? null,
    waitSeconds: predictedWaitSeconds ?? null,
    objectiveSeconds: resource.spec.objective.waitSeconds,
  };
}

export const secondOf = (atMs: number): number => Math.floor(atMs / 1_000);

/** To four digits: more means nothing, and would make a figure that creeps into news at each look. */
const tidyEstimate = (verdict: Verdict | undefined): Estimate =>
  Object.fromEntries(
    Object.entries(verdict?.estimate ?? {}).map(([name, value]) => [name, Number(value.toPrecision(4))]),
  );

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is undefined. */
const known = <T extends object>(fields: T): Known<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Known<T>;

const ageSeconds = ({ latest }: Autoscaler, nowMs: number): number | undefined =>
  latest && Math.max(0, nowMs - latest.atMs) / 1_000;

const fleetOf = (seen: FleetObservation | undefined) => (seen?.kind === "observed" ? seen.fleet : undefined);

/** Ready messages over all queues; undefined when one of them is not known, or there is none. */
function backlogOf({ latest }: Autoscaler): number | undefined {
  const queues = latest?.readings?.queues ?? [];
  const counts = queues.flatMap(({ broker }) => broker?.ready ?? []);
  if (queues.length === 0 || counts.length < queues.length) return undefined;
  return counts.reduce((sum, count) => sum + count, 0);
}

function replicasOf({ latest, resource, decisions }: Autoscaler): Summary["replicas"] {
  const { min, max } = resource.spec.replicas;
  const fleet = fleetOf(latest?.fleet);
  if (fleet === undefined) return { min, max };
  const { ready, starting } = fleet;
  const desired = desiredOf({ latest, decisions });
  const recommended = latest?.verdict?.recommended;
  return { min, max, ready, current: ready + starting.length, ...known({ desired, recommended }) };
}

/** What the latest look made of it, where that was carried out; otherwise what it saw. */
function desiredOf({ latest, decisions }: Pick<Autoscaler, "latest" | "decisions">): number | undefined {
  const { last } = decisions;
  if (last?.outcome === "scaled" && last.atMs >= (latest?.atMs ?? 0)) return last.to;
  return fleetOf(latest?.fleet)?.desired;
}

function lastChangeOf({ decisions }: Autoscaler): Summary["lastDecision"] {
  const change = decisions.lastChange;
  if (change === undefined) return undefined;
  const { atMs, from, to, reason, explanation } = change;
  return { time: new Date(atMs).toISOString(), from, to, reason, explanation };
}

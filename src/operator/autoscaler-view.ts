import type { QueueReading, Verdict } from "../control/contract.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { Autoscaler } from "./autoscaler.ts";
import type { Latest } from "./latest.ts";
import type { Condition } from "./conditions.ts";
import type { Decision } from "./decision-log.ts";
import { fleetNotice } from "./fleet-notice.ts";

/** A decision as answered to people. */
export type DecisionView = Pick<
  Decision,
  | "kind"
  | "from"
  | "to"
  | "recommended"
  | "reason"
  | "limitedBy"
  | "feasibility"
  | "estimate"
  | "terms"
  | "explanation"
  | "outcome"
  | "problem"
  | "bounds"
  | "repeated"
> & { readonly time: string };

/** An autoscaler as answered by the HTTP API: the resource, its status as on a cluster, and more than a status can hold. */
export type AutoscalerView = Pick<WorkerAutoscaler, "apiVersion" | "kind" | "metadata" | "spec"> & {
  readonly status: {
    readonly conditions: readonly Condition[];
    readonly replicas: {
      readonly current?: number;
      readonly desired?: number;
      readonly recommended?: number;
      readonly ready?: number;
    };
    readonly objective: { readonly attainmentRatio?: number; readonly waitSecondsP95?: number };
    readonly estimate: Verdict["estimate"];
    readonly lastDecision?: DecisionView;
    /** The last ten changes, oldest first. */
    readonly history: readonly DecisionView[];
  };
  /** When it was last looked at; undefined before the first time. */
  readonly lookedAt?: string;
  /** What is known of each queue, with its age. */
  readonly signals: readonly QueueReading[];
  readonly verdict?: Verdict;
  /** Changes, and holds for a new reason, oldest first. */
  readonly decisions: readonly DecisionView[];
  /** Sentences about the operator and the target that matter to this autoscaler. */
  readonly notes?: readonly string[];
};

export function viewOf(autoscaler: Autoscaler, notes: readonly string[] = []): AutoscalerView {
  const { resource, latest, decisions } = autoscaler;
  const { apiVersion, kind, metadata, spec } = resource;
  const notice = fleetNotice(latest);
  const said = [...notes, ...(notice === undefined ? [] : [notice])];
  return {
    apiVersion,
    kind,
    metadata,
    spec,
    status: statusOf(autoscaler),
    ...(latest !== undefined && { lookedAt: new Date(latest.atMs).toISOString() }),
    signals: latest?.readings?.queues ?? [],
    ...(latest?.verdict !== undefined && { verdict: latest.verdict }),
    decisions: decisions.all().map(decisionView),
    ...(said.length > 0 && { notes: said }),
  };
}

function statusOf({ conditions, latest, decisions, waits }: Autoscaler): AutoscalerView["status"] {
  const lastDecision = decisions.all(1).map(decisionView)[0];
  const estimate = latest?.verdict?.estimate ?? {};
  const waitSecondsP95 = latest && waits.p95Seconds(latest.atMs);
  return {
    conditions,
    replicas: replicasOf(latest),
    objective: {
      ...(estimate.attainmentRatio !== undefined && { attainmentRatio: estimate.attainmentRatio }),
      ...(waitSecondsP95 !== undefined && { waitSecondsP95 }),
    },
    estimate,
    ...(lastDecision !== undefined && { lastDecision }),
    history: decisions.changes(10).map(decisionView),
  };
}

function replicasOf(latest: Latest | undefined): AutoscalerView["status"]["replicas"] {
  const fleet = latest?.fleet.kind === "observed" ? latest.fleet.fleet : undefined;
  if (fleet === undefined) return {};
  return {
    current: fleet.ready + fleet.starting.length,
    desired: fleet.desired,
    ...(latest?.verdict !== undefined && { recommended: latest.verdict.recommended }),
    ready: fleet.ready,
  };
}

function decisionView({ atMs, ...decision }: Decision): DecisionView {
  return { time: new Date(atMs).toISOString(), ...decision };
}

import { oracle } from "./oracle.ts";
import type { Phase, PlannedJob } from "./load-plan.ts";
import { promise } from "./promise.ts";

/** A job that the gateway accepted with 202, as the submitter wrote it down. Times in ms since 1970. */
export type AcceptedJob = PlannedJob & { readonly id: string; readonly sentAtMs: number };

/** What the workers wrote down before anything was acknowledged. Times in ms since 1970. */
export type WorkerRecord =
  | {
      readonly kind: "started";
      readonly id: string;
      readonly execution: string;
      readonly attempt: number;
      readonly atMs: number;
    }
  | {
      readonly kind: "ended";
      readonly id: string;
      readonly execution: string;
      readonly atMs: number;
      readonly outcome: "succeeded" | "failed" | "interrupted";
    };

/** A replica's process from its start to its end, in ms since 1970. */
export type ReplicaRun = { readonly spawnedAtMs: number; readonly exitedAtMs: number };

export type Evidence = {
  readonly accepted: readonly AcceptedJob[];
  /** Status of the gateway's row of each accepted id that has one. */
  readonly rows: ReadonlyMap<string, string>;
  readonly records: readonly WorkerRecord[];
  readonly replicas: readonly ReplicaRun[];
  readonly phases: readonly Phase[];
  /** Changes of the count that the operator made, oldest first. */
  readonly changes: readonly { readonly atMs: number; readonly from: number; readonly to: number }[];
  readonly replicasFinal: number;
  /** p95 of created → ready over the replicas started in this run. */
  readonly startupSeconds: number;
  /** Until a change in the load can be seen by the operator and decided on. */
  readonly noticeSeconds: number;
};

export type Summary = {
  readonly accepted: number;
  readonly succeeded: number;
  readonly deadLettered: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly attainmentRatio: number;
  readonly waitSecondsP95: number;
  readonly overheadRatio: number;
  readonly replicasMax: number;
  readonly replicasFinal: number;
  readonly decisions: number;
  readonly interruptedByScaleIn: number;
  readonly firstPatchSeconds: number;
};

const round = (value: number, digits = 3): number => Number(value.toFixed(digits));

/** The value that 95 % do not exceed (nearest rank); 0 of nothing. */
export const p95 = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** First start of each job, in ms since 1970. */
const firstStarts = (records: readonly WorkerRecord[]): ReadonlyMap<string, number> => {
  const starts = new Map<string, number>();
  for (const record of records) {
    if (record.kind === "started")
      starts.set(record.id, Math.min(record.atMs, starts.get(record.id) ?? Number.POSITIVE_INFINITY));
  }
  return starts;
};

/**
 * Wait of a job in seconds, from the moment its request was sent (so never less than from its publication) to the start
 * of its first attempt; infinite when it never started.
 */
const waitSecondsOf = (job: AcceptedJob, starts: ReadonlyMap<string, number>): number =>
  Math.max(0, ((starts.get(job.id) ?? Number.POSITIVE_INFINITY) - job.sentAtMs) / 1000);

const isSettled = (status: string | undefined): boolean =>
  status === "succeeded" || status === "dead_lettered";

/** How one phase went, and how it could have gone at best. */
export type PhaseAccount = {
  readonly name: string;
  readonly jobs: number;
  readonly feasible: boolean;
  /** Share of its jobs that started within the promised wait. */
  readonly attainmentRatio: number;
  readonly waitSecondsP95: number;
};

/**
 * The phases that had jobs. A phase counts as feasible when the oracle could keep the promise in it, starting with the
 * slots that the load before it needed, without luck: the whole number above its erlangs.
 */
export const phaseAccounts = (evidence: Evidence): readonly PhaseAccount[] => {
  const starts = firstStarts(evidence.records);
  return evidence.phases.flatMap((phase, index) => {
    const before = evidence.phases[index - 1];
    const warmSlots = before === undefined ? 0 : Math.ceil(before.arrivalsPerSecond * before.serviceSeconds);
    const jobs = evidence.accepted.filter(
      ({ atSeconds }) => atSeconds >= phase.fromSeconds && atSeconds < phase.untilSeconds,
    );
    if (jobs.length === 0) return [];
    const { feasible } = oracle({
      jobs,
      waitSeconds: promise.waitSeconds,
      attainmentRatio: promise.attainmentRatio,
      warmSlots,
      maxSlots: promise.maxReplicas * promise.slotsPerReplica,
      reactionSeconds: evidence.noticeSeconds + evidence.startupSeconds,
    });
    const waits = jobs.map((job) => waitSecondsOf(job, starts));
    const inTime = waits.filter((seconds) => seconds <= promise.waitSeconds).length;
    return [
      {
        name: phase.name,
        jobs: jobs.length,
        feasible,
        attainmentRatio: inTime / jobs.length,
        waitSecondsP95: p95(waits),
      },
    ];
  });
};

const executionsOf = (records: readonly WorkerRecord[]) => {
  const started = new Map<string, number>();
  let serviceMs = 0;
  let interrupted = 0;
  const succeeded = new Map<string, number>();
  for (const record of records) {
    if (record.kind === "started") {
      started.set(record.execution, record.atMs);
      continue;
    }
    serviceMs += record.atMs - (started.get(record.execution) ?? record.atMs);
    started.delete(record.execution);
    if (record.outcome === "interrupted") interrupted++;
    if (record.outcome === "succeeded") succeeded.set(record.id, (succeeded.get(record.id) ?? 0) + 1);
  }
  return { serviceSeconds: serviceMs / 1000, interrupted: interrupted + started.size, succeeded };
};

const firstPatchSeconds = ({ accepted, changes }: Evidence): number => {
  const fromZero = changes.find(({ from }) => from === 0);
  const first = accepted.reduce((least, { sentAtMs }) => Math.min(least, sentAtMs), Number.POSITIVE_INFINITY);
  return fromZero === undefined || !Number.isFinite(first) ? 0 : Math.max(0, (fromZero.atMs - first) / 1000);
};

/** Jobs accepted and not settled: the larger of what the rows say and what the workers' own files say. */
const lostOf = ({ accepted, rows }: Evidence, succeeded: ReadonlyMap<string, number>): number => {
  const byRows = accepted.filter(({ id }) => !isSettled(rows.get(id))).length;
  const byWorkers = accepted.filter(
    ({ id }) => !succeeded.has(id) && rows.get(id) !== "dead_lettered",
  ).length;
  return Math.max(byRows, byWorkers);
};

export const summarize = (evidence: Evidence): Summary => {
  const starts = firstStarts(evidence.records);
  const { serviceSeconds, interrupted, succeeded } = executionsOf(evidence.records);
  const feasible = phaseAccounts(evidence).filter((phase) => phase.feasible);
  const counted = sum(feasible.map(({ jobs }) => jobs));
  const inTime = sum(feasible.map(({ jobs, attainmentRatio }) => jobs * attainmentRatio));
  const replicaSeconds = sum(
    evidence.replicas.map(({ spawnedAtMs, exitedAtMs }) => (exitedAtMs - spawnedAtMs) / 1000),
  );
  return {
    accepted: evidence.accepted.length,
    succeeded: evidence.accepted.filter(({ id }) => evidence.rows.get(id) === "succeeded").length,
    deadLettered: evidence.accepted.filter(({ id }) => evidence.rows.get(id) === "dead_lettered").length,
    lost: lostOf(evidence, succeeded),
    duplicates: sum([...succeeded.values()].map((times) => times - 1)),
    attainmentRatio: counted === 0 ? 1 : round(inTime / counted, 4),
    waitSecondsP95: round(p95(evidence.accepted.map((job) => waitSecondsOf(job, starts)))),
    overheadRatio:
      serviceSeconds === 0 ? 0 : round((replicaSeconds * promise.slotsPerReplica) / serviceSeconds),
    replicasMax: Math.max(0, ...evidence.changes.map(({ to }) => to)),
    replicasFinal: evidence.replicasFinal,
    decisions: evidence.changes.length,
    interruptedByScaleIn: interrupted,
    firstPatchSeconds: round(firstPatchSeconds(evidence)),
  };
};

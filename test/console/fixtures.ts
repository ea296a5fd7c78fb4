import type { Condition, Decision, Detail, Series, Summary } from "../../src/console/contract.ts";
import { judge } from "../../src/console/promise-verdict.ts";
import type { Verdict } from "../../src/control/contract.ts";
import { feasibilityOf } from "../../src/control/policy/feasibility.ts";
import { conditionsOf } from "../../src/operator/conditions.ts";
import { whatWouldChange } from "../../src/operator/explanation.ts";
import { sourceNote } from "../../src/operator/source-note.ts";
import { warmAdvice } from "../../src/operator/warm-advice.ts";
import type { WorkerAutoscaler } from "../../src/resource/worker-autoscaler.ts";
import { autoscalerResource } from "../fakes/operator-scenario.ts";
import { slowStarts } from "../fakes/slow-starts.ts";

type Unjudged = Omit<Summary, "verdict" | "sentence">;

/** What an operator says of a Prometheus that told all at `toldMs` for the last time. */
export const prometheusAway = (toldMs = Date.now() - 95_000): string =>
  sourceNote("workers", {
    toldMs,
    because: "Prometheus at http://prometheus:9090 cannot be reached: connection refused",
  });

/** A promise that is kept, unless told otherwise; what is said of it is what the product says of such figures. */
export const summaryOf = (name: string, parts: Partial<Summary> = {}): Summary => {
  const namespace = parts.namespace ?? "shop";
  const known: Unjudged = {
    key: `${namespace}/${name}`,
    namespace,
    name,
    target: `Deployment ${name}-worker`,
    promise: { waitSeconds: 30, attainmentRatio: 0.95 },
    mode: "Active",
    attainmentRatio: 0.992,
    waitSecondsP95: 5,
    predictedWaitSeconds: 2.4,
    backlog: 12,
    arrivalsPerSecond: 4.2,
    replicas: { min: 1, max: 20, desired: 4, current: 4, ready: 4, recommended: 4 },
    limitedBy: [],
    feasibility: { kind: "feasible" },
    startupSeconds: 8.1,
    lookedAt: new Date().toISOString(),
    ...parts,
  };
  return { ...known, ...judgementOf(known, parts.verdict), ...parts };
};

const judgementOf = (summary: Unjudged, verdict: Summary["verdict"] | undefined) => {
  const { promise, replicas, lookedAt = "", predictedWaitSeconds, backlog, feasibility, limitedBy } = summary;
  return judge({
    spec: { objective: promise, replicas: { min: replicas.min, max: replicas.max } },
    conditions: conditionsFor(summary, { isPaused: verdict === "paused" }),
    ageSeconds: (Date.now() - Date.parse(lookedAt)) / 1_000,
    // An operator with a long cycle does not take an old look for too old.
    staleAfterSeconds: verdict === "unknown" ? 30 : Number.POSITIVE_INFINITY,
    starting: 0,
    feasibility,
    limitedBy,
    ...(predictedWaitSeconds !== undefined && { predictedWaitSeconds }),
    ...(backlog !== undefined && { backlog }),
  });
};

/** The conditions of an autoscaler with these figures. */
const conditionsFor = (summary: Unjudged, { isPaused = false } = {}): readonly Condition[] => {
  const { desired = 0, ready = 0 } = summary.replicas;
  const fleet = { desired, ready, draining: 0, starting: [], uncreated: 0, rollout: false };
  const resource = resourceOf(summary);
  const { objective, replicas } = resource.spec;
  const atMs = Date.now() - 3_600_000;
  return conditionsOf(
    {
      resource,
      latest: {
        atMs,
        fleet: { kind: "observed", fleet },
        spec: { objective, replicas, ...(isPaused && { paused: {} }) },
        readings: { queues: [], slotSharing: "shared", fleet },
        verdict: verdictOf(summary),
      },
      count: undefined,
      sharedWith: [],
      sourceProblems: [],
    },
    [],
    atMs,
  );
};

const verdictOf = ({ replicas, limitedBy, feasibility, attainmentRatio }: Unjudged): Verdict => {
  const { desired = 0, recommended = desired } = replicas;
  return {
    kind: "hold",
    from: desired,
    to: desired,
    recommended,
    reason: "steady",
    limitedBy,
    feasibility,
    estimate: attainmentRatio === undefined ? {} : { attainmentRatio },
    terms: [],
    explanation: `Stays at ${desired}, as that is what the load needs.`,
  };
};

const resourceOf = ({ name, mode, promise, replicas: { min, max } }: Unjudged): WorkerAutoscaler => {
  const { spec, ...resource } = autoscalerResource();
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: `${name}-worker` };
  return { ...resource, spec: { ...spec, mode, scaleTargetRef, objective: promise, replicas: { min, max } } };
};

export const brokenSummary = (name: string, parts: Partial<Summary> = {}): Summary =>
  summaryOf(name, {
    attainmentRatio: 0.814,
    waitSecondsP95: 120,
    predictedWaitSeconds: 96,
    backlog: 4_310,
    arrivalsPerSecond: 61,
    replicas: { min: 1, max: 20, desired: 20, current: 20, ready: 20, recommended: 34 },
    limitedBy: ["max"],
    ...parts,
  });

export const infeasibleSummary = (name: string, parts: Partial<Summary> = {}): Summary =>
  summaryOf(name, {
    promise: { waitSeconds: 5, attainmentRatio: 0.95 },
    feasibility: feasibilityOf(slowStarts),
    warmAdvice: warmAdvice(3, { min: 0, max: 20 }),
    startupSeconds: 42,
    replicas: { min: 0, max: 20, desired: 2, current: 2, ready: 1, recommended: 2 },
    ...parts,
  });

/** Newest first, one every ten seconds before `newestMs`; `seq` counts down from `count`. */
export const decisionsOf = (count: number, newestMs = Date.now()): readonly Decision[] =>
  Array.from({ length: count }, (_, index) => decisionOf(count - index, newestMs - index * 10_000));

export const decisionOf = (seq: number, atMs: number, parts: Partial<Decision> = {}): Decision => {
  const from = 2 + (seq % 5);
  const to = seq % 4 === 0 ? from : from + (seq % 2 === 0 ? 3 : -1);
  return {
    seq,
    time: new Date(atMs).toISOString(),
    kind: from === to ? "hold" : "scale",
    from,
    to,
    recommended: to,
    reason: from === to ? "scale-in-hold" : to > from ? "backlog" : "surplus",
    limitedBy: from === to ? ["scale-in-hold"] : [],
    feasibility: { kind: "feasible" },
    estimate: {
      arrivalsPerSecond: 16.2,
      serviceSeconds: 0.51,
      offeredLoad: 8.3,
      startupSeconds: 8.1,
      predictedWaitSeconds: 3.2,
      attainmentRatio: 0.981,
    },
    terms: [
      { name: "load", replicas: 8.3 },
      { name: "backlog", replicas: 3.1 },
    ],
    explanation:
      from === to
        ? `Stays at ${to}, as 3 replicas would do, but not for the hold of 6.0 s yet: 2 jobs waiting, 4 running on 4 ready of 4 replicas.`
        : `From ${from} to ${to}, as ${to > from ? "waiting jobs would start too late" : "fewer replicas keep the promise"}: 118 jobs waiting, the oldest for 6.1 s (promised 30 s), 6 running on 6 ready of 6 replicas with 1 slot each; 16.2 jobs/s of 0.51 s each keep 8.3 slots busy.`,
    outcome: from === to ? "held" : "scaled",
    repeated: from === to ? 3 : 0,
    ...parts,
  };
};

/** A burst: calm, eight times as much, and calm again; one point a second up to `untilSeconds`. */
export const burstSeries = (untilSeconds = Math.floor(Date.now() / 1_000), length = 600): Series => {
  const indices = Array.from({ length }, (_, index) => index);
  const inBurst = (index: number): boolean => index % 300 > 120 && index % 300 < 190;
  const wave = (index: number): number => Math.sin(index / 7) * 0.6;
  const backlog = indices.map((index) => {
    const since = (index % 300) - 120;
    return since < 0 || since > 90 ? 2 : Math.max(2, Math.round(120 * Math.exp(-((since - 18) ** 2) / 240)));
  });
  const desired = indices.map((index) => ((index % 300) - 122 > 0 && (index % 300) - 200 < 0 ? 11 : 2));
  return {
    times: indices.map((index) => untilSeconds - length + 1 + index),
    backlog,
    arrivalsPerSecond: indices.map((index) => (inBurst(index) ? 16 : 2) + wave(index)),
    desired,
    ready: indices.map((index) => desired[Math.max(0, index - 8)] ?? null),
    waitSeconds: backlog.map((count) => count / 12),
    objectiveSeconds: indices.map(() => 5),
  };
};

export const detailOf = (summary: Summary, parts: Partial<Detail> = {}): Detail => ({
  serverTime: new Date().toISOString(),
  summary,
  spec: resourceOf(summary).spec,
  conditions: conditionsFor(summary),
  signals: [
    {
      id: `main///jobs.${summary.name}`,
      queue: { broker: "main", vhost: "/", name: `jobs.${summary.name}` },
      broker: { ageSeconds: 0.4, epoch: "1", ready: summary.backlog ?? 0, unacked: 4, consumers: 4 },
      workers: {
        ageSeconds: 3.1,
        epoch: "1",
        reportingReplicas: 4,
        running: 4,
        started: 10_021,
        finished: 10_017,
        serviceSeconds: 5_110,
      },
    },
  ],
  wouldChange: whatWouldChange({
    spec: resourceOf(summary).spec,
    status: { conditions: conditionsFor(summary) },
    verdict: verdictOf(summary),
  }),
  notes: [],
  decisions: [],
  decisionCount: 0,
  ...parts,
});

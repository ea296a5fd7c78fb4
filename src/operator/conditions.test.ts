import { describe, expect, test } from "vitest";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import type { Readings, Verdict } from "../control/contract.ts";
import { type ConditionType, conditionsOf, conditionTypes, type Facts } from "./conditions.ts";
import { firstCount } from "./count-memory.ts";
import { feasibilityOf } from "../control/policy/feasibility.ts";
import { slowStarts } from "../../test/fakes/slow-starts.ts";

const nowMs = Date.parse("2026-07-15T12:00:00Z");
const resource = autoscalerResource();
const spec = { objective: { waitSeconds: 5, attainmentRatio: 0.95 }, replicas: { min: 0, max: 10 } };
const verdict = (more: Partial<Verdict> = {}): Verdict => ({
  kind: "hold",
  from: 1,
  to: 1,
  recommended: 1,
  reason: "steady",
  limitedBy: [],
  feasibility: { kind: "feasible" },
  estimate: { attainmentRatio: 0.97 },
  terms: [],
  explanation: "Stays at 1.",
  ...more,
});
const fleet = (more: Partial<Readings["fleet"]> = {}): Readings["fleet"] => ({
  desired: 1,
  ready: 1,
  draining: 0,
  starting: [],
  uncreated: 0,
  rollout: false,
  ...more,
});
type Looked = {
  verdict?: Partial<Verdict>;
  fleet?: Partial<Readings["fleet"]>;
  notice?: string;
  ageSeconds?: number | undefined;
  paused?: { replicas?: number };
};

function facts(looked: Looked = {}, more: Partial<Facts> = {}): Facts {
  const ageSeconds = "ageSeconds" in looked ? looked.ageSeconds : 0;
  const broker = ageSeconds === undefined ? {} : { broker: { ageSeconds, epoch: "1", ready: 0 } };
  const readings: Readings = {
    queues: [{ id: "a", ...broker }],
    slotSharing: "shared",
    fleet: fleet(looked.fleet),
  };
  const observed = {
    kind: "observed",
    fleet: readings.fleet,
    ...(looked.notice !== undefined && { notice: looked.notice }),
  } as const;
  return {
    latest: {
      atMs: nowMs,
      fleet: observed,
      spec: { ...spec, ...(looked.paused !== undefined && { paused: looked.paused }) },
      readings,
      verdict: verdict(looked.verdict),
    },
    resource,
    count: firstCount(1),
    sharedWith: [],
    sourceProblems: [],
    ...more,
  };
}
function withLatest(given: Facts, more: Partial<NonNullable<Facts["latest"]>>): Facts {
  if (given.latest === undefined) throw new Error("nothing was looked at");
  return { ...given, latest: { ...given.latest, ...more } };
}
const withUnknown = (own: string, others: string): Facts =>
  withLatest(facts({ ageSeconds: undefined }, { sourceProblems: [`broker: ${others}`] }), {
    unknown: new Map([
      ["a", own],
      ["b", others],
    ]),
  });
const withFloorProblem = (floorProblem: string): Facts => withLatest(facts(), { floorProblem });
const withVictims = (looked: Looked): Facts =>
  withLatest(facts(looked), { fleet: { kind: "observed", fleet: fleet(), victims: [] } });
/** Begins with a capital letter, a figure or a name; ends with one full stop. */
const aSentence = /^(?:[A-Z\d]|millrace\.dev\/).*[^.]\.$/;
const conditionOf = (type: ConditionType, given: Facts) =>
  conditionsOf(given, [], nowMs).find((condition) => condition.type === type);

test("when all is well, the good ones are true and the bad ones are false", () => {
  const conditions = conditionsOf(facts(), [], nowMs);
  expect(conditions.map(({ type, status }) => [type, status])).toEqual([
    ["Ready", "True"],
    ["SignalsFresh", "True"],
    ["ObjectiveMet", "True"],
    ["ObjectiveFeasible", "True"],
    ["TargetConflict", "False"],
    ["QueueShared", "False"],
    ["ScaleInBlocked", "False"],
    ["CapacityBlocked", "False"],
    ["Paused", "False"],
  ]);
});

test("before the first look nothing is claimed", () => {
  const conditions = conditionsOf({ ...facts(), latest: undefined }, [], nowMs);
  for (const type of ["Ready", "SignalsFresh", "ObjectiveMet", "ObjectiveFeasible", "CapacityBlocked"]) {
    expect(conditions.find((condition) => condition.type === type)?.status).toBe("Unknown");
  }
});

test("every reason is one word and every message a sentence", () => {
  const all = [
    facts(),
    facts({ ageSeconds: undefined }),
    facts({ verdict: { limitedBy: ["scale-in-blocked"], reason: "waiting-for-idle" } }),
  ];
  for (const { reason, message, lastTransitionTime } of all.flatMap((given) =>
    conditionsOf(given, [], nowMs),
  )) {
    expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(message).toMatch(aSentence);
    expect(lastTransitionTime).toBe("2026-07-15T12:00:00.000Z");
  }
});

describe("each trouble has its condition", () => {
  const cases: readonly [
    title: string,
    type: ConditionType,
    given: Facts,
    status: string,
    message: string,
  ][] = [
    [
      "a target out of sight",
      "Ready",
      { ...facts(), latest: { atMs: nowMs, fleet: { kind: "unknown", because: "the pool is gone" } } },
      "False",
      "The target cannot be observed: the pool is gone.",
    ],
    [
      "a target out of sight, of which a sentence says why",
      "Ready",
      { ...facts(), latest: { atMs: nowMs, fleet: { kind: "unknown", because: "No such Deployment." } } },
      "False",
      "The target cannot be observed: No such Deployment.",
    ],
    [
      "an unknown queue",
      "SignalsFresh",
      facts({ ageSeconds: undefined }, { sourceProblems: ["broker: refused"] }),
      "False",
      "The ready count of a is not known. Broker: refused.",
    ],
    [
      "an unknown queue of which the broker says why",
      "SignalsFresh",
      withUnknown("queue a does not exist", "queue of another does not exist"),
      "False",
      "The ready count of a is not known. Queue a does not exist.",
    ],
    [
      "a pattern that matches nothing",
      "SignalsFresh",
      facts({}, { unresolved: [{ key: "p", reason: "PatternMatchesNothing", message: "Matches none." }] }),
      "False",
      "Matches none.",
    ],
    [
      "a pattern that matches nothing",
      "Ready",
      facts({}, { unresolved: [{ key: "p", reason: "PatternMatchesNothing", message: "Matches none." }] }),
      "False",
      "Matches none.",
    ],
    [
      "a floor without a value",
      "SignalsFresh",
      withFloorProblem("parse error"),
      "False",
      "asks for nothing: Parse error.",
    ],
    ["a floor without a value", "Ready", withFloorProblem("parse error"), "True", "every queue"],
    [
      "a broker that is not allowed",
      "Ready",
      facts({}, { refusal: { reason: "BrokerNotAllowed", message: "Not allowed." } }),
      "False",
      "Not allowed.",
    ],
    [
      "a broker that is not allowed",
      "SignalsFresh",
      facts({}, { refusal: { reason: "BrokerNotAllowed", message: "Not allowed." } }),
      "Unknown",
      "not read",
    ],
    [
      "a rollout",
      "ScaleInBlocked",
      facts({ verdict: { limitedBy: ["rollout"], reason: "rollout", explanation: "A rollout." } }),
      "True",
      "A rollout.",
    ],
    [
      "a scale-in over AMQP alone",
      "ScaleInBlocked",
      facts({ verdict: { limitedBy: ["scale-in-blocked"], reason: "signals-incomplete" } }),
      "True",
      "give the operator the broker's management API",
    ],
    [
      "a scale-in with jobs that cannot be placed",
      "ScaleInBlocked",
      withVictims({ verdict: { limitedBy: ["scale-in-blocked"], reason: "waiting-for-idle" } }),
      "True",
      "Which replica holds the jobs cannot be told",
    ],
    [
      "a scale-in of a target that chooses by itself",
      "ScaleInBlocked",
      facts({ verdict: { limitedBy: ["scale-in-blocked"], reason: "waiting-for-idle" } }),
      "True",
      "chooses by itself which replica goes",
    ],
    ["a stale queue", "SignalsFresh", facts({ ageSeconds: 31 }), "False", "of a is not known"],
    ["an unknown queue", "Ready", facts({ ageSeconds: undefined }), "False", "of a is not known"],
    [
      "a missed objective",
      "ObjectiveMet",
      facts({ verdict: { estimate: { attainmentRatio: 0.9 } } }),
      "False",
      "90 % of the jobs started within 5 s; 95 %",
    ],
    [
      "an objective not measured",
      "ObjectiveMet",
      facts({ verdict: { estimate: {} } }),
      "Unknown",
      "not known",
    ],
    [
      "an objective out of reach",
      "ObjectiveFeasible",
      facts({ verdict: { feasibility: feasibilityOf(slowStarts) } }),
      "False",
      "A start-up takes 42.0 s, the promise is 5 s, and 40 % of the jobs started late. Reacting alone cannot keep the promise: set spec.replicas.min to 3 (it is 0), or promise a longer wait.",
    ],
    [
      "feasibility not known",
      "ObjectiveFeasible",
      facts({ verdict: { feasibility: { kind: "unknown" } } }),
      "Unknown",
      "Too little",
    ],
    [
      "a count that a person set",
      "ScaleInBlocked",
      facts(
        {
          verdict: {
            limitedBy: ["scale-in-blocked"],
            reason: "scale-in-disabled",
            explanation: "Stays at 9, as 3 replicas would do, but scale-in is switched off.",
          },
        },
        { count: { ...firstCount(9), raisedUntilMs: nowMs + 60_000 } },
      ),
      "True",
      "scale-in is switched off. A person set or held this count; it is kept until 2026-07-15T12:01:00Z.",
    ],
    [
      "another writer",
      "TargetConflict",
      facts({}, { count: { ...firstCount(1), conflictUntilMs: nowMs + 1 } }),
      "True",
      "Something else keeps writing",
    ],
    [
      "another writer that is forgiven",
      "TargetConflict",
      facts({}, { count: { ...firstCount(1), conflictUntilMs: nowMs } }),
      "False",
      "Nobody",
    ],
    [
      "a queue named twice",
      "QueueShared",
      facts({}, { sharedWith: ["default/others"] }),
      "True",
      "Also named by default/others: each counts the whole backlog as its own. Delete one, or give each its own queues; for a comparison set spec.mode: DryRun on one.",
    ],
    [
      "a queue named twice, in DryRun",
      "QueueShared",
      facts({}, { sharedWith: ["default/others"], resource: autoscalerResource({ mode: "DryRun" }) }),
      "False",
      "Also named by default/others; in DryRun nothing is changed",
    ],
    [
      "a blocked scale-in",
      "ScaleInBlocked",
      facts({ verdict: { limitedBy: ["scale-in-blocked"], explanation: "Blocked." } }),
      "True",
      "Blocked.",
    ],
    [
      "replicas not created",
      "CapacityBlocked",
      facts({ fleet: { uncreated: 2 }, notice: "Quota." }),
      "True",
      "2 replicas could not be created. Quota.",
    ],
    [
      "replicas without a node",
      "CapacityBlocked",
      facts({ fleet: { starting: [{ ageSeconds: 60, phase: "unscheduled" }] }, notice: "0/3 nodes." }),
      "True",
      "1 replica finds no node with room. 0/3 nodes.",
    ],
    [
      "replicas that fail",
      "CapacityBlocked",
      facts({ fleet: { starting: [{ ageSeconds: 1, phase: "failing" }] } }),
      "True",
      "1 replica fails to start",
    ],
    [
      "no capacity",
      "CapacityBlocked",
      facts({ verdict: { limitedBy: ["capacity"], explanation: "Full." } }),
      "True",
      "Full.",
    ],
    ["a pause", "Paused", facts({ paused: {} }), "True", "keeps the count as it is"],
    ["a pause at a number", "Paused", facts({ paused: { replicas: 3 } }), "True", "at 3"],
    [
      "zero by hand",
      "Paused",
      facts({ paused: {} }, { count: { ...firstCount(0), zeroByHand: true } }),
      "True",
      "by hand",
    ],
  ];
  test.each(cases)("%s: %s", (_title, type, ...[given, status, message]) => {
    const condition = conditionOf(type, given);
    expect(condition).toMatchObject({ status, message: expect.stringContaining(message) });
    expect(condition?.message).toMatch(aSentence);
    expect(condition?.message).not.toContain("of another");
  });
});

test("the transition time is that of the last change of status, not of the message", () => {
  const before = conditionsOf(facts({ fleet: { uncreated: 1 } }), [], nowMs);
  const after = conditionsOf(facts({ fleet: { uncreated: 2 } }), before, nowMs + 5_000);
  const over = conditionsOf(facts(), after, nowMs + 9_000);
  const times = [before, after, over].map(
    (list) => list[conditionTypes.indexOf("CapacityBlocked")]?.lastTransitionTime,
  );
  expect(times).toEqual(["2026-07-15T12:00:00.000Z", "2026-07-15T12:00:00.000Z", "2026-07-15T12:00:09.000Z"]);
});

import { describe, expect, test } from "vitest";
import { parseResource } from "./parse-resource.ts";

const minimal = () => ({
  apiVersion: "millrace.dev/v1alpha1",
  kind: "WorkerAutoscaler",
  metadata: { name: "images" },
  spec: {
    scaleTargetRef: { apiVersion: "millrace.dev/v1alpha1", kind: "ProcessPool", name: "image-worker" },
    queues: [{ name: "jobs.image" }],
    objective: { waitSeconds: 15 },
    replicas: { max: 5 },
  },
});
type Change = (document: ReturnType<typeof minimal> & { spec: Record<string, unknown> }) => unknown;

const parseChanged = (change: Change) => {
  const document = minimal();
  change(document);
  return parseResource(document);
};

describe("a WorkerAutoscaler", () => {
  test("of ten lines gets every default", () => {
    expect(parseResource(minimal())).toEqual({
      kind: "resource",
      resource: {
        apiVersion: "millrace.dev/v1alpha1",
        kind: "WorkerAutoscaler",
        metadata: { name: "images", namespace: "default", annotations: {} },
        spec: {
          scaleTargetRef: { apiVersion: "millrace.dev/v1alpha1", kind: "ProcessPool", name: "image-worker" },
          queues: [{ name: "jobs.image", vhost: "/" }],
          slotSharing: "Shared",
          broker: "default",
          objective: { waitSeconds: 15, attainmentRatio: 0.95 },
          replicas: { min: 0, max: 5 },
          mode: "Active",
          schedules: [],
        },
      },
    });
  });

  test("takes every field of its documented shape", () => {
    const parsed = parseChanged((document) => {
      Object.assign(document.spec, {
        queues: [{ name: "jobs.image.blur", vhost: "/", waitSeconds: 5 }, { pattern: "^jobs\\.mail\\." }],
        slotSharing: "PerQueue",
        objective: { waitSeconds: 15, attainmentRatio: "0.95", serviceSeconds: 60, ackTimeoutSeconds: 1_800 },
        replicas: { min: 0, max: 50 },
        slotsPerReplica: 4,
        expectedServiceSeconds: 2,
        mode: "DryRun",
        schedules: [
          {
            name: "office-hours",
            timezone: "Europe/Kyiv",
            start: "0 8 * * 1-5",
            durationSeconds: 36_000,
            minReplicas: 4,
          },
        ],
        floor: { promql: "ceil(max(my_lag) / 100)" },
        fallback: { afterSeconds: 120, behavior: "Hold", replicas: 10 },
        scaleIn: { enabled: true, holdSeconds: 60, toZeroAfterSeconds: 120, maxStep: 10, idleOnly: true },
        scaleOut: { enabled: true, maxStep: 100 },
      });
    });
    expect(parsed.kind).toBe("resource");
  });

  test.each(["0.9", ".9", "0.90"])("takes the ratio %s", (attainmentRatio) => {
    const parsed = parseChanged((document) => Object.assign(document.spec.objective, { attainmentRatio }));
    expect(parsed).toMatchObject({
      kind: "resource",
      resource: { spec: { objective: { attainmentRatio: 0.9 } } },
    });
  });

  test.each([
    ["^jobs", "bounded"],
    ["^jobs\\.(mail|sms(?:-de|-fr)?)\\.[a-z|]+$", "bounded"],
    ["^\\.hidden", "bounded"],
    ["^j", "bounded"],
    ["^a+b{2}", "bounded"],
    ["^a|b", "unbounded"],
    ["^a*", "unbounded"],
    ["^a?.*", "unbounded"],
    ["^a{0,3}", "unbounded"],
    ["^(a|b)", "unbounded"],
    ["^(?:)", "unbounded"],
    ["^[ab]", "unbounded"],
    ["^\\w", "unbounded"],
    ["^", "unbounded"],
  ])("the pattern %s is %s", (pattern, expected) => {
    const parsed = parseChanged(({ spec }) => Object.assign(spec, { queues: [{ pattern }] }));
    expect(parsed.kind === "resource" ? "bounded" : parsed.problems[0]?.message).toMatch(
      new RegExp(`^${expected}`),
    );
  });

  const rejections: readonly [title: string, change: Change, path: string, message: string][] = [
    [
      "min above max",
      ({ spec }) => Object.assign(spec.replicas, { min: 6 }),
      "spec.replicas.min",
      "min 6 is above max 5: lower min or raise max",
    ],
    [
      "a max that is missing",
      ({ spec }) => Object.assign(spec, { replicas: { min: 1 } }),
      "spec.replicas.max",
      "whole number",
    ],
    [
      "half a replica",
      ({ spec }) => Object.assign(spec.replicas, { min: 0.5 }),
      "spec.replicas.min",
      "whole number",
    ],
    [
      "no queues",
      ({ spec }) => Object.assign(spec, { queues: [] }),
      "spec.queues",
      "name at least one queue",
    ],
    ["queues left out", ({ spec }) => Object.assign(spec, { queues: undefined }), "spec.queues", "required"],
    [
      "a queue twice",
      ({ spec }) => spec.queues.push({ name: "jobs.image" }),
      "spec.queues[1]",
      "the same as queues[0]",
    ],
    [
      "a queue without a name",
      ({ spec }) => Object.assign(spec, { queues: [{ vhost: "/" }] }),
      "spec.queues[0]",
      "either name or pattern",
    ],
    [
      "a queue with both",
      ({ spec }) => Object.assign(spec, { queues: [{ name: "a", pattern: "^a" }] }),
      "spec.queues[0]",
      "not both",
    ],
    [
      "a pattern without an anchor",
      ({ spec }) => Object.assign(spec, { queues: [{ pattern: "jobs" }] }),
      "spec.queues[0].pattern",
      "unbounded",
    ],
    [
      "a pattern for everything",
      ({ spec }) => Object.assign(spec, { queues: [{ pattern: "^.*" }] }),
      "spec.queues[0].pattern",
      "unbounded",
    ],
    [
      "a broken pattern",
      ({ spec }) => Object.assign(spec, { queues: [{ pattern: "^jobs(" }] }),
      "spec.queues[0].pattern",
      "regular expression",
    ],
    [
      "a ratio of 1",
      ({ spec }) => Object.assign(spec.objective, { attainmentRatio: "1" }),
      "spec.objective.attainmentRatio",
      "between 0 and 1",
    ],
    [
      "a ratio of 0",
      ({ spec }) => Object.assign(spec.objective, { attainmentRatio: "0.0" }),
      "spec.objective.attainmentRatio",
      "between 0 and 1",
    ],
    [
      "a ratio without quotes",
      ({ spec }) => Object.assign(spec.objective, { attainmentRatio: 0.95 }),
      "spec.objective.attainmentRatio",
      "in quotes",
    ],
    [
      "a ratio in words",
      ({ spec }) => Object.assign(spec.objective, { attainmentRatio: "most" }),
      "spec.objective.attainmentRatio",
      "between 0 and 1",
    ],
    [
      "an empty ratio",
      ({ spec }) => Object.assign(spec.objective, { attainmentRatio: "" }),
      "spec.objective.attainmentRatio",
      "between 0 and 1",
    ],
    [
      "a ratio of another type",
      ({ spec }) => Object.assign(spec.objective, { attainmentRatio: true }),
      "spec.objective.attainmentRatio",
      "between 0 and 1",
    ],
    [
      "a wait of 0",
      ({ spec }) => Object.assign(spec.objective, { waitSeconds: 0 }),
      "spec.objective.waitSeconds",
      "above 0",
    ],
    [
      "a wait in words",
      ({ spec }) => Object.assign(spec.objective, { waitSeconds: "15s" }),
      "spec.objective.waitSeconds",
      "above 0",
    ],
    [
      "a negative hold",
      ({ spec }) => Object.assign(spec, { scaleIn: { holdSeconds: -1 } }),
      "spec.scaleIn.holdSeconds",
      "seconds from 0",
    ],
    [
      "a negative fallback time",
      ({ spec }) => Object.assign(spec, { fallback: { afterSeconds: -1 } }),
      "spec.fallback.afterSeconds",
      "seconds from 0",
    ],
    [
      "a static fallback without replicas",
      ({ spec }) => Object.assign(spec, { fallback: { behavior: "Static" } }),
      "spec.fallback.replicas",
      "required with behavior Static",
    ],
    [
      "an unknown key",
      ({ spec }) => Object.assign(spec.objective, { waitSecond: 3 }),
      "spec.objective.waitSecond",
      "unknown key",
    ],
    [
      "an unknown key of the document",
      (document) => Object.assign(document, { specs: {} }),
      "specs",
      "unknown key",
    ],
    [
      "a floor without its expression",
      ({ spec }) => Object.assign(spec, { floor: {} }),
      "spec.floor.promql",
      "required, for example",
    ],
    [
      "a floor that is a number",
      ({ spec }) => Object.assign(spec, { floor: { promql: 3 } }),
      "spec.floor.promql",
      "expected text",
    ],
    ["an unknown mode", ({ spec }) => Object.assign(spec, { mode: "dry" }), "spec.mode", "Active or DryRun"],
    [
      "a flag in words",
      ({ spec }) => Object.assign(spec, { scaleIn: { enabled: "no" } }),
      "spec.scaleIn.enabled",
      "true or false",
    ],
    [
      "a name in capitals",
      (document) => Object.assign(document.metadata, { name: "Images" }),
      "metadata.name",
      "lower-case",
    ],
    ["a name left out", (document) => Object.assign(document, { metadata: {} }), "metadata.name", "required"],
    [
      "a name that is a number",
      (document) => Object.assign(document, { metadata: { name: 7 } }),
      "metadata.name",
      "expected text",
    ],
    [
      "a misspelt pause",
      (document) => Object.assign(document.metadata, { annotations: { "millrace.dev/pause": "true" } }),
      'metadata.annotations["millrace.dev/pause"]',
      "unknown",
    ],
    [
      "an empty target name",
      ({ spec }) => Object.assign(spec, { scaleTargetRef: { name: "" } }),
      "spec.scaleTargetRef.name",
      "lower-case",
    ],
  ];
  test.each(rejections)("is refused with %s", (_title, change, path, message) => {
    expect(parseChanged(change)).toEqual({
      kind: "invalid",
      problems: [{ path, message: expect.stringContaining(message) }],
    });
  });

  test("is refused with a schedule that cannot be kept", () => {
    const schedule = {
      name: "night",
      start: "0 25 * * *",
      timezone: "Mars/Olympus",
      durationSeconds: 0,
      minReplicas: 1,
    };
    const parsed = parseChanged((document) => Object.assign(document.spec, { schedules: [schedule] }));
    expect(parsed.kind === "invalid" ? parsed.problems.map((problem) => problem.path) : []).toEqual([
      "spec.schedules[0].timezone",
      "spec.schedules[0].start",
      "spec.schedules[0].durationSeconds",
    ]);
  });

  test("is refused with two schedules of one name", () => {
    const schedule = { name: "night", start: "0 2 * * *", durationSeconds: 60, minReplicas: 1 };
    expect(
      parseChanged((document) => Object.assign(document.spec, { schedules: [schedule, schedule] })),
    ).toEqual({
      kind: "invalid",
      problems: [{ path: "spec.schedules[1].name", message: expect.stringContaining("used twice") }],
    });
  });

  test("names all of its problems at once", () => {
    const parsed = parseChanged(({ spec }) => {
      Object.assign(spec.replicas, { min: 9 });
      Object.assign(spec.objective, { waitSeconds: -1, attainmentRatio: "2" });
      Object.assign(spec, { queues: [], typo: 1 });
    });
    expect(
      parsed.kind === "invalid"
        ? parsed.problems.map((problem) => problem.path).toSorted((a, b) => a.localeCompare(b))
        : [],
    ).toEqual([
      "spec.objective.attainmentRatio",
      "spec.objective.waitSeconds",
      "spec.queues",
      "spec.replicas.min",
      "spec.typo",
    ]);
  });
});

describe("a ProcessPool", () => {
  const pool = {
    apiVersion: "millrace.dev/v1alpha1",
    kind: "ProcessPool",
    metadata: { name: "image-worker" },
  };

  test("gets its defaults", () => {
    expect(parseResource({ ...pool, spec: { command: ["node", "worker.js"] } })).toMatchObject({
      kind: "resource",
      resource: {
        spec: {
          command: ["node", "worker.js"],
          env: {},
          terminationGracePeriodSeconds: 30,
          metricsPath: "/metrics",
        },
      },
    });
  });

  test.each([
    [{ command: [] }, "spec.command", "name the program"],
    [{}, "spec.command", "required"],
    [{ command: ["node"], env: { PORT: 9091 } }, "spec.env.PORT", "quotes"],
    [
      { command: ["node"], terminationGracePeriodSeconds: -1 },
      "spec.terminationGracePeriodSeconds",
      "seconds from 0",
    ],
    [{ command: ["node"], metricsPath: "metrics" }, "spec.metricsPath", "/metrics"],
    [{ command: ["node"], replicas: 2 }, "spec.replicas", "unknown key"],
  ])("is refused with spec %j", (spec, path, message) => {
    expect(parseResource({ ...pool, spec })).toEqual({
      kind: "invalid",
      problems: [{ path, message: expect.stringContaining(message) }],
    });
  });
});

test.each([
  [undefined, "", "an object"],
  ["text", "", "an object"],
  [{ kind: "WorkerAutoscaler" }, "", "an object with apiVersion"],
  [
    { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject" },
    "apiVersion",
    "expected millrace.dev/v1alpha1, got keda.sh/v1alpha1",
  ],
  [
    { apiVersion: "millrace.dev/v1alpha1", kind: "Autoscaler" },
    "kind",
    "expected WorkerAutoscaler or ProcessPool, got Autoscaler",
  ],
])("%j is no document of ours", (document, path, message) => {
  expect(parseResource(document)).toEqual({
    kind: "invalid",
    problems: [{ path, message: expect.stringContaining(message) }],
  });
});

import { expect, test } from "vitest";
import { parseResource } from "./parse-resource.ts";
import { queuesOf, specOf } from "./spec-of.ts";
import type { WorkerAutoscaler } from "./worker-autoscaler.ts";

function resource(spec: object = {}, annotations: Record<string, string> = {}): WorkerAutoscaler {
  const parsed = parseResource({
    apiVersion: "millrace.dev/v1alpha1",
    kind: "WorkerAutoscaler",
    metadata: { name: "images", annotations },
    spec: {
      scaleTargetRef: { name: "image-worker" },
      queues: [
        { name: "jobs.image" },
        { name: "jobs.mail", vhost: "post", waitSeconds: 5 },
        { pattern: "^jobs\\.x" },
      ],
      objective: { waitSeconds: 15 },
      replicas: { max: 5 },
      ...spec,
    },
  });
  if (parsed.kind === "resource" && parsed.resource.kind === "WorkerAutoscaler") return parsed.resource;
  throw new Error(JSON.stringify(parsed));
}
const quiet = { activeSchedules: new Set<string>() };

test("carries over what the resource says and leaves the rest to the control step", () => {
  expect(specOf(resource(), quiet)).toStrictEqual({
    objective: { waitSeconds: 15, attainmentRatio: 0.95 },
    replicas: { min: 0, max: 5 },
    schedules: [],
    scaleIn: {},
    scaleOut: {},
  });
});

test("says which schedules run now", () => {
  const night = { name: "night", start: "0 2 * * *", durationSeconds: 60, minReplicas: 1 };
  const day = { name: "day", start: "0 8 * * *", durationSeconds: 60, minReplicas: 4 };
  expect(
    specOf(resource({ schedules: [night, day] }), { activeSchedules: new Set(["day"]) }).schedules,
  ).toEqual([
    { name: "night", active: false, minReplicas: 1 },
    { name: "day", active: true, minReplicas: 4 },
  ]);
});

test("a person's pause, a person's number, and one direction alone", () => {
  expect(specOf(resource({}, { "millrace.dev/paused": "true" }), quiet).paused).toEqual({});
  expect(specOf(resource({}, { "millrace.dev/paused-replicas": "2" }), quiet).paused).toEqual({
    replicas: 2,
  });
  expect(specOf(resource({}, { "millrace.dev/paused-scale-in": "true" }), quiet).scaleIn).toEqual({
    enabled: false,
  });
  expect(specOf(resource({}, { "millrace.dev/paused-scale-out": "true" }), quiet).scaleOut).toEqual({
    enabled: false,
  });
});

test("a hold by hand pauses without overruling a person's number; a raised count is not scaled in", () => {
  expect(specOf(resource(), { ...quiet, hold: true }).paused).toEqual({});
  expect(
    specOf(resource({}, { "millrace.dev/paused-replicas": "2" }), { ...quiet, hold: true }).paused,
  ).toEqual({ replicas: 2 });
  expect(specOf(resource({ scaleIn: { holdSeconds: 9 } }), { ...quiet, keepRaised: true }).scaleIn).toEqual({
    holdSeconds: 9,
    enabled: false,
  });
});

test("passes the floor, the staleness and the fallback on", () => {
  const floor = { replicas: 3, because: "my_lag" };
  const spec = specOf(resource({ fallback: { behavior: "AtLeast", replicas: 4 } }), {
    ...quiet,
    floor,
    staleAfterSeconds: 45,
  });
  expect(spec).toMatchObject({
    floor,
    staleAfterSeconds: 45,
    fallback: { afterSeconds: 120, behavior: "AtLeast", replicas: 4 },
  });
  expect(specOf(resource({ fallback: {} }), quiet).fallback).toEqual({ afterSeconds: 120, behavior: "Hold" });
});

test("names its queues by broker, vhost and name, with their own waits", () => {
  expect(queuesOf(resource().spec)).toEqual([
    { ref: { key: "default///jobs.image", broker: "default", vhost: "/", name: "jobs.image" } },
    {
      ref: { key: "default/post/jobs.mail", broker: "default", vhost: "post", name: "jobs.mail" },
      waitSeconds: 5,
    },
  ]);
});

import { expect, test } from "vitest";
import { readingOf } from "./autoscaler-source.ts";

const object = (spec: object = {}, annotations: Readonly<Record<string, string>> = {}) => ({
  metadata: {
    name: "images",
    namespace: "shop",
    uid: "1",
    generation: 3,
    creationTimestamp: "2026-07-01T00:00:00Z",
    annotations,
  },
  spec: {
    scaleTargetRef: { name: "image-worker" },
    queues: [{ name: "jobs.image" }],
    objective: { waitSeconds: 15 },
    replicas: { max: 5 },
    ...spec,
  },
});
const rejected = (...given: Parameters<typeof object>) => {
  const reading = readingOf(object(...given));
  return reading.kind === "rejected" ? reading.rejected : undefined;
};

test("an object of a newer version is rejected by the field that is not known, and keeps its target", () => {
  expect(rejected({ carbonBudget: 3 })).toMatchObject({
    name: "images",
    generation: 3,
    because: expect.stringMatching(/carbonBudget.*The replicas stay as they are until this is put right\.$/),
    claim: {
      name: "images",
      target: { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "image-worker" },
      creationTimestamp: "2026-07-01T00:00:00Z",
    },
  });
});

test("one with a misspelt annotation keeps its target; one in DryRun, or that names none, has none to keep", () => {
  expect(rejected({}, { "millrace.dev/pausd": "true" })?.claim?.target.name).toBe("image-worker");
  expect(rejected({ mode: "DryRun", carbonBudget: 3 })).not.toHaveProperty("claim");
  expect(rejected({ scaleTargetRef: "image-worker" })).not.toHaveProperty("claim");
});

test("one that can be read is no claim", () => {
  expect(readingOf(object())).toMatchObject({ kind: "usable" });
});

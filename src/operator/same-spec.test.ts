import { expect, test } from "vitest";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import { isSameSpec } from "./same-spec.ts";

const made = (spec: object, generation?: number) => {
  const resource = autoscalerResource(spec);
  return { ...resource, metadata: { ...resource.metadata, generation } };
};
const [small, large] = [{ replicas: { min: 0, max: 3 } }, { replicas: { min: 0, max: 4 } }];

test("in files the text tells", () => {
  expect(isSameSpec(made(small), made(small))).toBe(true);
  expect(isSameSpec(made(small), made(large))).toBe(false);
});

test("on a cluster another generation may still be the same text, and no other text has the same generation", () => {
  expect(isSameSpec(made(small, 1), made(small, 1))).toBe(true);
  expect(isSameSpec(made(small, 2), made(small, 1))).toBe(true);
  expect(isSameSpec(made(large, 2), made(small, 1))).toBe(false);
});

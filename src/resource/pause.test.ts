import { expect, test } from "vitest";
import { pauseOf, pauseProblems } from "./pause.ts";

test("nothing asked for: nothing is paused", () => {
  expect(pauseOf({ team: "images" })).toEqual({ scaleIn: false, scaleOut: false });
  expect(pauseOf({ "millrace.dev/paused": "false" })).toEqual({ scaleIn: false, scaleOut: false });
});

test("paused keeps the count, paused-replicas sets it and pauses by itself", () => {
  expect(pauseOf({ "millrace.dev/paused": "true" }).paused).toEqual({});
  expect(pauseOf({ "millrace.dev/paused-replicas": "0" }).paused).toEqual({ replicas: 0 });
  expect(pauseOf({ "millrace.dev/paused": "true", "millrace.dev/paused-replicas": "3" }).paused).toEqual({
    replicas: 3,
  });
});

test("one direction alone can be paused", () => {
  expect(pauseOf({ "millrace.dev/paused-scale-in": "true" })).toEqual({ scaleIn: true, scaleOut: false });
  expect(pauseOf({ "millrace.dev/paused-scale-out": "true" })).toEqual({ scaleIn: false, scaleOut: true });
});

test.each([
  ["millrace.dev/paused", "yes", '"true" or "false"'],
  ["millrace.dev/paused-replicas", "-1", "whole number"],
  ["millrace.dev/paused-replicas", "many", "whole number"],
  ["millrace.dev/pause", "true", "unknown"],
])("%s: %s is a problem", (annotation, value, message) => {
  expect(pauseProblems({ [annotation]: value })).toEqual([
    { annotation, message: expect.stringContaining(message) },
  ]);
  expect(pauseOf({ [annotation]: value })).toEqual({ scaleIn: false, scaleOut: false });
});

test("annotations of others are no problem", () => {
  expect(pauseProblems({ "example.com/paused": "yes", "millrace.dev/paused": "true" })).toEqual([]);
});

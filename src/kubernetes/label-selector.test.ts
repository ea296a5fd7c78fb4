import { describe, expect, test } from "vitest";
import { selectorOf } from "./label-selector.ts";

const matches = (selector: string, labels: Record<string, string>) => selectorOf(selector)?.(labels);

describe("the selector of a scale's status", () => {
  test.each([
    ["app=worker", { app: "worker" }, true],
    ["app==worker", { app: "worker" }, true],
    ["app=worker", { app: "web" }, false],
    ["app=worker,tier=a", { app: "worker" }, false],
    ["app!=web", { app: "worker" }, true],
    ["app!=web", {}, true],
    ["app!=web", { app: "web" }, false],
    ["env in (a,b)", { env: "b" }, true],
    ["env in (a,b),app=x", { env: "b", app: "x" }, true],
    ["env in (a,b)", {}, false],
    ["env notin (a,b)", { env: "c" }, true],
    ["env notin (a,b)", {}, true],
    ["env notin (a,b)", { env: "a" }, false],
    ["example.com/role", { "example.com/role": "" }, true],
    ["!old", { old: "yes" }, false],
    ["!old", {}, true],
    ["app=", { app: "" }, true],
  ])("%s on %o: %s", (selector, labels, expected) => {
    expect(matches(selector, labels as Record<string, string>)).toBe(expected);
  });

  test.each(["", " ", "a=b=c=", "in (a)", "app=worker,?!"])(
    "%j cannot be relied on, and selects nothing rather than everything",
    (selector) => {
      expect(selectorOf(selector)).toBeUndefined();
    },
  );
});

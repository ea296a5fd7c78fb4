import { expect, test } from "vitest";
import { changed, inOrder, type Proposal } from "./proposal.ts";

const proposal: Proposal = { from: 5, to: 20, reason: "load", limitedBy: [] };

test("no change leaves the proposal as it is", () => {
  expect(changed(proposal, 20, "max", "max")).toBe(proposal);
});

test("a smaller step in the same direction keeps the reason for the step", () => {
  expect(changed(proposal, 12, "max", "max")).toEqual({
    from: 5,
    to: 12,
    reason: "load",
    limitedBy: ["max"],
  });
});

test("a step that is stopped, turned or made larger takes the rule's reason", () => {
  expect(changed(proposal, 5, "max", "max").reason).toBe("max");
  expect(changed(proposal, 3, "max", "max").reason).toBe("max");
  expect(changed(proposal, 30, "floor", "floor").reason).toBe("floor");
});

test("a rule is named once, and in order of precedence", () => {
  const twice = changed(changed(proposal, 12, "max", "max"), 9, "max", "max");
  expect(twice.limitedBy).toEqual(["max"]);
  expect(inOrder(["scale-in-hold", "floor", "max"])).toEqual(["max", "floor", "scale-in-hold"]);
});

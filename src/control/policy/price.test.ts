import { expect, test } from "vitest";
import { attainmentOf, newBudget, priceOf, withBudget } from "./price.ts";

const now = { elapsed: 2, started: 10, late: 0, told: true, perSecond: 5, attainmentRatio: 0.95 };
const settled = (late: number) => {
  let memory = newBudget;
  for (let i = 0; i < 2000; i += 1) memory = withBudget(memory, { ...now, late });
  return priceOf(memory);
};

test("a late job is worth 20 service times at first", () => {
  expect(priceOf(newBudget)).toBeCloseTo(20, 2);
});

test("an unused budget makes it cheap, one used as aimed at leaves it, one overspent makes it dear", () => {
  expect(settled(0)).toBeCloseTo(5, 0);
  expect(settled(0.35)).toBeCloseTo(20, 0);
  expect(settled(2)).toBeCloseTo(300, -1);
});

test("it follows with a time constant of 100 s", () => {
  const once = withBudget(newBudget, { ...now, elapsed: 100, started: 0, late: 0 });
  const never = withBudget(newBudget, { ...now, elapsed: 0, late: 10 });
  expect(once.logPrice).toBeCloseTo(Math.log(20), 3);
  expect(never.logPrice).toBe(newBudget.logPrice);
});

test("the attainment counts what the workers told, and is unknown before", () => {
  expect(attainmentOf(withBudget(newBudget, { ...now, late: 1, told: false }))).toBeUndefined();
  expect(attainmentOf(withBudget(newBudget, { ...now, late: 1 }))).toBeCloseTo(0.9, 9);
});

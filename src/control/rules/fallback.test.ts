import { expect, test } from "vitest";
import { fallbackActive, fallbackReplicas } from "./fallback.ts";

const static7 = { afterSeconds: 60, behavior: "Static", replicas: 7 } as const;

test("it is active once any queue was unknown for long enough", () => {
  expect(fallbackActive(static7, [50, 41], 100)).toBe(false);
  expect(fallbackActive(static7, [50, 40], 100)).toBe(true);
  expect(fallbackActive(static7, [], 100)).toBe(false);
  expect(fallbackActive(undefined, [0], 100)).toBe(false);
});

test("each behaviour asks for its count", () => {
  const max = { max: 20 };
  const at = (behavior: "Static" | "AtLeast" | "AtMost", from: number) =>
    fallbackReplicas({ afterSeconds: 0, behavior, replicas: 7 }, from, max);
  expect(fallbackReplicas({ afterSeconds: 0, behavior: "Hold" }, 3, max)).toBe(3);
  expect(fallbackReplicas({ afterSeconds: 0, behavior: "Max" }, 3, max)).toBe(20);
  expect([3, 9].map((from) => at("Static", from))).toEqual([7, 7]);
  expect([3, 9].map((from) => at("AtLeast", from))).toEqual([7, 9]);
  expect([3, 9].map((from) => at("AtMost", from))).toEqual([3, 7]);
});

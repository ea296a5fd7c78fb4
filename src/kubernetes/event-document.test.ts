import fc from "fast-check";
import { expect, test } from "vitest";
import { camelCase, eventDocument } from "./event-document.ts";
import { RateBudget } from "./rate-budget.ts";

const regarded = { namespace: "shop", name: "images", uid: "u" };
const documentOf = (note: string, name = "images") =>
  eventDocument(
    { ...regarded, name },
    { type: "Normal", reason: "FromZero", action: "Scale", note, atMs: Date.UTC(2026, 6, 15) },
    { instance: "operator-1", suffix: "abc" },
  );

test("an Event says who, what, why and when, as events.k8s.io wants it", () => {
  expect(documentOf("From 0 to 4.")).toEqual({
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace: "shop", name: "images.abc" },
    eventTime: "2026-07-15T00:00:00.000000Z",
    reportingController: "millrace.dev/operator",
    reportingInstance: "operator-1",
    type: "Normal",
    reason: "FromZero",
    action: "Scale",
    note: "From 0 to 4.",
    regarding: {
      apiVersion: "millrace.dev/v1alpha1",
      kind: "WorkerAutoscaler",
      namespace: "shop",
      name: "images",
      uid: "u",
    },
  });
});

test("a note is never longer than the API server takes, and no character is cut in two", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 3_000 }), (note) => {
      const { note: written } = documentOf(note) as { note: string };
      expect(Buffer.byteLength(written)).toBeLessThanOrEqual(1_024);
      if (Buffer.byteLength(note) < 1_024) expect(written).toBe(note);
      else expect(note.startsWith(written.slice(0, -3))).toBe(true);
    }),
  );
});

test("the reason of a decision becomes one word", () => {
  expect(camelCase("from-zero")).toBe("FromZero");
  expect(camelCase("max")).toBe("Max");
});

test("so many at once, then one for each interval; a clock that goes back gives nothing", () => {
  const budget = new RateBudget({ burst: 2, refillMs: 1_000, nowMs: 0 });
  const taken = [0, 0, 0, 999, 1_000, 1_000, 500, 2_000].map((nowMs) => budget.take(nowMs));
  expect(taken).toEqual([true, true, false, false, true, false, false, true]);
});

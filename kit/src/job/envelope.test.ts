import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeEnvelope, deadLetterHeaders, encodeEnvelope, type Envelope } from "./envelope.ts";

const text = fc.string({ minLength: 1, maxLength: 20 });
const ms = fc.integer({ min: 0, max: 4e12 });
const envelopes: fc.Arbitrary<Envelope> = fc.record({
  id: text,
  type: text,
  run: fc.integer({ min: 1, max: 1_000 }),
  attempt: fc.integer({ min: 1, max: 1_000 }),
  enqueuedAtMs: ms,
  eligibleAtMs: ms,
  traceparent: fc.option(text, { nil: undefined }),
  replyTo: fc.option(text, { nil: undefined }),
});

test("what is encoded decodes to the same", () => {
  fc.assert(
    fc.property(envelopes, (envelope) => {
      expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual({ kind: "envelope", envelope });
    }),
  );
});

test("the contract's properties and headers", () => {
  expect(
    encodeEnvelope({
      id: "id",
      type: "mail",
      run: 1,
      attempt: 2,
      enqueuedAtMs: 1_999,
      eligibleAtMs: 5_000,
      traceparent: "00-a-b-01",
      replyTo: "jobs.state",
    }),
  ).toEqual({
    messageId: "id",
    type: "mail",
    contentType: "application/json",
    deliveryMode: 2,
    timestamp: 1,
    replyTo: "jobs.state",
    headers: {
      "x-enqueued-at-ms": 1_999,
      "x-eligible-at-ms": 5_000,
      "x-run": 1,
      "x-attempt": 2,
      traceparent: "00-a-b-01",
    },
  });
});

test("a message of another publisher needs an id and a type only, and its times are unknown", () => {
  const decoded = decodeEnvelope({ messageId: "id", type: "mail" });
  expect(decoded).toEqual({
    kind: "envelope",
    envelope: {
      id: "id",
      type: "mail",
      run: 1,
      attempt: 1,
      enqueuedAtMs: undefined,
      eligibleAtMs: undefined,
      traceparent: undefined,
      replyTo: undefined,
    },
  });
  if (decoded.kind === "envelope") {
    expect(encodeEnvelope(decoded.envelope)).not.toHaveProperty("timestamp");
    expect(encodeEnvelope(decoded.envelope).headers).toEqual({ "x-run": 1, "x-attempt": 1 });
  }
});

test("a job without its own start of waiting waits from its first publish", () => {
  const decoded = decodeEnvelope({ messageId: "id", type: "t", headers: { "x-enqueued-at-ms": 7 } });
  expect(decoded).toMatchObject({ envelope: { enqueuedAtMs: 7, eligibleAtMs: 7 } });
});

test.each([
  [{}, "messageId: missing"],
  [{ messageId: "", type: "t" }, "messageId: missing"],
  [{ messageId: "id" }, "type: missing"],
  [{ messageId: "id", type: "t", headers: { "x-run": 0 } }, "x-run: expected a whole number from 1"],
  [
    { messageId: "id", type: "t", headers: { "x-attempt": "2" } },
    "x-attempt: expected a whole number from 1",
  ],
])("says what is wrong with %j", (properties, reason) => {
  expect(decodeEnvelope(properties)).toEqual({ kind: "invalid", reason });
});

test("a dead letter says why, where and when", () => {
  expect(deadLetterHeaders({ code: "c", message: "m", stack: "s" }, "worker-1", 5)).toEqual({
    "x-error-code": "c",
    "x-error-message": "m",
    "x-error-stack": "s",
    "x-worker": "worker-1",
    "x-dead-at-ms": 5,
  });
  expect(deadLetterHeaders({ code: "c", message: "m" }, "w", 5)).not.toHaveProperty("x-error-stack");
});

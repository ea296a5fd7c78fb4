import { expect, test } from "vitest";
import { deadLetterHeaders, encodeEnvelope } from "./envelope.ts";
import {
  decodeStateMessage,
  encodeEvent,
  EVENT_MESSAGE_TYPE,
  eventMessageId,
  type JobEvent,
} from "./job-event.ts";

const event: JobEvent = {
  id: "id",
  type: "mail",
  run: 1,
  attempt: 2,
  kind: "failed",
  atMs: 77,
  error: { code: "x", message: "no" },
  worker: "w",
};
const envelope = {
  id: "id",
  type: "mail",
  run: 2,
  attempt: 3,
  enqueuedAtMs: 1,
  eligibleAtMs: 1,
  traceparent: undefined,
  replyTo: "jobs.state",
};

test("an event is read as it was written", () => {
  expect(decodeStateMessage({ type: EVENT_MESSAGE_TYPE }, encodeEvent(event), 0)).toEqual(event);
});

test("the same event told twice has the same name, another one a different name", () => {
  expect(eventMessageId(event)).toBe(eventMessageId({ ...event }));
  expect(eventMessageId(event)).not.toBe(eventMessageId({ ...event, kind: "started" }));
});

test.each([
  "not json",
  "null",
  "3",
  "{}",
  JSON.stringify({ ...event, kind: "exploded" }),
  JSON.stringify({ ...event, kind: "toString" }),
  JSON.stringify({ ...event, attempt: 0 }),
  JSON.stringify({ ...event, atMs: null }),
  JSON.stringify({ ...event, id: 7 }),
])("a message that only claims to be an event is none: %s", (body) => {
  expect(decodeStateMessage({ type: EVENT_MESSAGE_TYPE }, body, 0)).toBeUndefined();
});

test("a job that a worker dead-lettered tells its error, worker and time", () => {
  const encoded = encodeEnvelope(envelope);
  const headers = {
    ...encoded.headers,
    ...deadLetterHeaders({ code: "c", message: "m", stack: "s" }, "w1", 55),
  };
  expect(decodeStateMessage({ ...encoded, headers }, "{}", 99)).toEqual({
    id: "id",
    type: "mail",
    run: 2,
    attempt: 3,
    kind: "dead_lettered",
    atMs: 55,
    error: { code: "c", message: "m", stack: "s" },
    worker: "w1",
  });
});

test("a job that the broker gave up says so, at the time it was received", () => {
  const encoded = encodeEnvelope(envelope);
  const headers = { ...encoded.headers, "x-first-death-reason": "delivery_limit" };
  expect(decodeStateMessage({ ...encoded, headers }, "{}", 99)).toMatchObject({
    kind: "dead_lettered",
    atMs: 99,
    error: { code: "delivery-limit" },
  });
});

test.each([
  ["maxlen", "maxlen"],
  [7, "unknown"],
])("a job that the broker dead-lettered for another reason names it: %s", (reason, named) => {
  const encoded = encodeEnvelope(envelope);
  const headers = { ...encoded.headers, "x-first-death-reason": reason };
  const decoded = decodeStateMessage({ ...encoded, headers }, "{}", 99);
  expect(decoded?.error).toEqual({
    code: "dead-lettered-by-broker",
    message: `the broker dead-lettered the job: ${named}`,
  });
});

test("an error without its message is still an error", () => {
  const headers = { "x-error-code": "c" };
  expect(decodeStateMessage({ messageId: "id", type: "t", headers }, "", 0)?.error).toEqual({
    code: "c",
    message: "",
  });
});

test("a message that is no job is nothing, nor is a job without headers an error", () => {
  expect(decodeStateMessage({}, "", 0)).toBeUndefined();
  expect(decodeStateMessage({ messageId: "id", type: "t" }, "", 3)).toMatchObject({
    error: { code: "delivery-limit" },
  });
});

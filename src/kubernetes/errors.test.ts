import { describe, expect, test } from "vitest";
import type { ApiPath } from "./api-path.ts";
import { answerError, KubernetesError, transportError } from "./errors.ts";

const scale: ApiPath = {
  resource: { group: "apps", version: "v1", plural: "deployments" },
  namespace: "shop",
  name: "worker",
  subresource: "scale",
};
const call = { verb: "patch", path: scale } as const;
const status = (fields: object) => JSON.stringify({ kind: "Status", ...fields });

describe("an answer of the API server becomes an error that", () => {
  test.each([
    [
      403,
      status({ message: "no" }),
      "forbidden",
      "The operator's role lacks patch on deployments/scale in API group apps in namespace shop (403): grant it, or let the chart create the role.",
    ],
    [401, status({ message: "no" }), "unauthorized", "does not accept the credentials (401)"],
    [
      404,
      status({ message: "not found", details: { name: "worker" } }),
      "not-found",
      "deployments/scale shop/worker does not exist: not found.",
    ],
    [
      404,
      status({ message: "could not find the requested resource", details: {} }),
      "not-served",
      "does not serve deployments/scale in API group apps",
    ],
    [404, "404 page not found\n", "not-served", "is its custom resource definition installed"],
    [
      409,
      status({ message: "modified" }),
      "conflict",
      "answered 409 to patch deployments/scale shop/worker: modified.",
    ],
    [422, status({ message: "test failed" }), "invalid", "test failed"],
    [410, status({ message: "too old" }), "gone", "too old"],
    [429, status({ message: "slow down" }), "busy", "slow down"],
    [503, "<html>", "busy", "answered 503"],
    [504, status({}), "timeout", "answered 504"],
    [500, status({ message: "etcd" }), "refused", "etcd"],
  ])("for %i with %j is %s", (code, body, expected, sentence) => {
    const error = answerError(call, { status: code, body });
    expect(error).toMatchObject({ code: expected, status: code });
    expect(error.message).toContain(sentence);
    expect(error.retryAfterSeconds).toBeUndefined();
  });

  test("says when to come back, if the server did", () => {
    expect(answerError(call, { status: 429, body: "", retryAfter: "7" }).retryAfterSeconds).toBe(7);
    expect(
      answerError(call, { status: 429, body: "", retryAfter: "tomorrow" }).retryAfterSeconds,
    ).toBeUndefined();
  });

  test("names a cluster-wide list as such, and no longer text than fits a condition", () => {
    const list = { verb: "list", path: { resource: { group: "", version: "v1", plural: "pods" } } } as const;
    expect(answerError(list, { status: 403, body: "" }).message).toContain(
      "lacks list on pods in the whole cluster",
    );
    const long = status({ message: "x".repeat(10_000) });
    expect(answerError(list, { status: 500, body: long }).message.length).toBeLessThan(600);
  });
});

describe("no answer becomes an error that", () => {
  test.each([
    [
      new DOMException("late", "TimeoutError"),
      "timeout",
      "did not answer in time (patch deployments/scale shop/worker)",
    ],
    [new DOMException("stop", "AbortError"), "aborted", "Gave up waiting"],
    [
      new Error("connect ECONNREFUSED"),
      "unreachable",
      "Cannot reach the API server at https://api (patch deployments/scale shop/worker): connect ECONNREFUSED.",
    ],
  ])("for %s is %s", (cause, code, sentence) => {
    const error = transportError(call, "https://api", cause);
    expect(error).toMatchObject({ code, cause });
    expect(error.message).toContain(sentence);
  });

  test("stays what it is when it was told before", () => {
    const told = new KubernetesError("said", { code: "gone" });
    expect(transportError(call, "https://api", told)).toBe(told);
  });
});

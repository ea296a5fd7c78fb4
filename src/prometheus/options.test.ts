import { describe, expect, test } from "vitest";
import { parsePrometheus } from "./options.ts";

const url = "http://prometheus:9090/prefix";
const problemsOf = (document: unknown): readonly string[] => {
  const parse = parsePrometheus(document);
  return parse.kind === "invalid" ? parse.problems : [];
};

describe("a Prometheus file", () => {
  test("keeps all that it says", () => {
    const prometheus = {
      url,
      credentials: { bearerTokenFile: "/t" },
      headers: { "X-Scope-OrgID": "shop" },
      tls: { caFile: "/ca", certFile: "/c", keyFile: "/k" },
      scrapeIntervalSeconds: 15,
      matchers: 'namespace="shop"',
      labels: { broker: "", queue: "rabbitmq_queue", pod: "kubernetes_pod_name" },
    };
    expect(parsePrometheus({ prometheus })).toEqual({ kind: "prometheus", prometheus });
  });

  test.each([
    ["nothing", {}, "prometheus: required: an object with at least a url"],
    [
      "another protocol",
      { prometheus: { url: "prometheus:9090" } },
      /^prometheus\.url: .*starts with http:\/\/ or/,
    ],
    [
      "two logins",
      { prometheus: { url, credentials: { bearerTokenFile: "/t", usernameFile: "/u", passwordFile: "/p" } } },
      /^prometheus\.credentials: give one of: bearerTokenFile/,
    ],
    [
      "half a login",
      { prometheus: { url, credentials: { passwordFile: "/p" } } },
      /^prometheus\.credentials: give one of/,
    ],
    [
      "a header that is two lines",
      { prometheus: { url, headers: { a: "b\r\nc" } } },
      "prometheus.headers.a: expected one line",
    ],
    [
      "a label that is none",
      { prometheus: { url, labels: { pod: "a-b" } } },
      /^prometheus\.labels\.pod: expected the name of a label/,
    ],
    [
      "a misspelt key",
      { prometheus: { url, matcher: "" } },
      "prometheus.matcher: unknown key: check the spelling, or remove it",
    ],
  ])("is refused with %s", (_, document, expected) => {
    expect(problemsOf(document)).toEqual([
      typeof expected === "string" ? expected : expect.stringMatching(expected),
    ]);
  });
});

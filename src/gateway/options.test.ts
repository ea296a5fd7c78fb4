import { expect, test } from "vitest";
import { ConfigError } from "../../kit/src/config-error.ts";
import { type GatewayUserOptions, parseGatewayOptions } from "./options.ts";

function problemsOf(options: GatewayUserOptions): readonly string[] {
  try {
    parseGatewayOptions(options);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test("the defaults are those of the documentation, in milliseconds, and frozen", () => {
  const options = parseGatewayOptions();
  expect(options).toEqual({
    host: "127.0.0.1",
    port: 8080,
    bodyLimitBytes: 1_048_576,
    confirmTimeoutMs: 10_000,
    replayWaitMs: 10_000,
    leaseMs: 30_000,
    sweepPeriodMs: 5_000,
  });
  expect(Object.isFrozen(options)).toBe(true);
});

test("every problem is named at once", () => {
  const problems = problemsOf({
    port: 70_000,
    bodyLimitBytes: 1.5,
    confirmSeconds: 0,
    leaseSeconds: 0,
    sweepSeconds: 61,
  });
  expect(problems.map((problem) => problem.split(":")[0])).toEqual([
    "port",
    "bodyLimitBytes",
    "confirmSeconds",
    "leaseSeconds",
    "sweepSeconds",
  ]);
});

test.each(["127.0.0.1", "127.8.9.1", "localhost", "::1"])(
  "%s is loopback and needs no permission",
  (host) => {
    expect(problemsOf({ host })).toEqual([]);
  },
);

test.each(["0.0.0.0", "::", "10.0.0.7", "127.example.com", ""])(
  "%j needs to be told in so many words that there is no authentication",
  (host) => {
    expect(problemsOf({ host })).toEqual([expect.stringContaining("host:")]);
    expect(problemsOf({ host, allowUnauthenticatedAccess: true })).toEqual([]);
  },
);

test("a lease must outlive a publish (its turn, then its confirm), or the sweeper would publish what is on its way", () => {
  expect(problemsOf({ confirmSeconds: 10, leaseSeconds: 20 })).toHaveLength(1);
  expect(problemsOf({ confirmSeconds: 10, leaseSeconds: 21 })).toEqual([]);
});

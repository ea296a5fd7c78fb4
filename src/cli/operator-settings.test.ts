import { expect, test } from "vitest";
import type { OperatorFlags } from "./operator-flags.ts";
import { parseOperatorFlags } from "./operator-settings.ts";
import { poolOf } from "./pool-of.ts";

const flags = (more: Partial<OperatorFlags> = {}): OperatorFlags => ({
  config: ["dir"],
  amqpUrl: "amqp://127.0.0.1",
  scrapeSeconds: "5",
  fastPath: true,
  leaseName: "millrace-operator",
  leaderElection: true,
  state: "state.json",
  listen: "127.0.0.1:9090",
  workerMetricsHost: "127.0.0.1",
  cycleSeconds: "2",
  logLevel: "info",
  ...more,
});

test("what is given arrives, with numbers as numbers", () => {
  const { settings, problems } = parseOperatorFlags(
    flags({
      listen: "[::1]:0",
      discoveryDir: "d",
      workerMetricsHost: "10.0.0.5",
    }),
  );
  expect(problems).toEqual([]);
  expect(settings).toEqual({
    config: ["dir"],
    fastPath: true,
    cycleSeconds: 2,
    listen: { host: "::1", port: 0 },
    fleet: { discoveryDirectory: "d", metricsHost: "10.0.0.5" },
  });
});

test("every problem is named at once", () => {
  const {
    amqpUrl: _amqpUrl,
    config: _config,
    ...rest
  } = flags({
    fastPath: false,
    cycleSeconds: "",
    listen: "9090",
    workerMetricsHost: "0.0.0.0",
    logLevel: "loud",
  });
  const { problems } = parseOperatorFlags(rest);
  expect(problems).toEqual([
    expect.stringContaining("--config: required"),
    expect.stringContaining("--cycle-seconds: expected 0.1 to 60"),
    expect.stringContaining("--log-level: expected debug, info, warn, error, silent, got loud"),
    expect.stringContaining(
      "--amqp-url, --brokers-file, --prometheus-url, --prometheus-file: at least one is required",
    ),
    expect.stringContaining("--no-fast-path: needs --prometheus-url"),
    expect.stringContaining("--listen: expected host:port"),
    expect.stringContaining("--worker-metrics-host: expected one IPv4 address or name"),
  ]);
  expect(problems.join()).not.toContain("secret");
});

test("a ProcessPool document becomes a pool", () => {
  const pool = poolOf({
    apiVersion: "millrace.dev/v1alpha1",
    kind: "ProcessPool",
    metadata: { name: "w", namespace: "n", annotations: {} },
    spec: { command: ["node", "a.js"], env: { A: "1" }, terminationGracePeriodSeconds: 5, metricsPath: "/m" },
  });
  expect(pool).toEqual({
    namespace: "n",
    name: "w",
    command: ["node", "a.js"],
    env: { A: "1" },
    terminationGraceSeconds: 5,
    metricsPath: "/m",
  });
});

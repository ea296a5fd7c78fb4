import { expect, test } from "vitest";
import type { OperatorFlags } from "./operator-flags.ts";
import { parseOperatorFlags } from "./operator-settings.ts";
import { poolOf } from "./pool-of.ts";

const flags = (more: Partial<OperatorFlags> = {}): OperatorFlags => ({
  config: ["dir"],
  amqpUrl: "amqp://127.0.0.1",
  scrapeSeconds: "5",
  fastPath: true,
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
      prometheusUrl: "http://p:9090",
      listen: "[::1]:0",
      discoveryDir: "d",
      workerMetricsHost: "10.0.0.5",
    }),
  );
  expect(problems).toEqual([]);
  expect(settings).toEqual({
    config: ["dir"],
    amqpUrl: "amqp://127.0.0.1",
    prometheus: { url: "http://p:9090", scrapeIntervalSeconds: 5 },
    fastPath: true,
    scrapeSeconds: 5,
    cycleSeconds: 2,
    listen: { host: "::1", port: 0 },
    fleet: { discoveryDirectory: "d", metricsHost: "10.0.0.5" },
  });
});

test("every problem is named at once, and no password is repeated", () => {
  const {
    amqpUrl: _amqpUrl,
    config: _config,
    ...rest
  } = flags({
    fastPath: false,
    managementUrl: "amqp://user:secret@host",
    scrapeSeconds: "0",
    cycleSeconds: "",
    listen: "9090",
    workerMetricsHost: "0.0.0.0",
    logLevel: "loud",
  });
  const { problems } = parseOperatorFlags(rest);
  expect(problems).toEqual([
    expect.stringContaining("--config: required"),
    expect.stringContaining("--amqp-url, --prometheus-url: at least one is required"),
    expect.stringContaining("--no-fast-path: needs --prometheus-url"),
    expect.stringContaining("--management-url: expected an address that starts with http:// or https://"),
    expect.stringContaining("--scrape-seconds: expected 1 to 300"),
    expect.stringContaining("--cycle-seconds: expected 0.1 to 60"),
    expect.stringContaining("--log-level: expected debug, info, warn, error, silent, got loud"),
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

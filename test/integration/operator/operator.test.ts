import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createFaultProxy, type FaultProxy } from "../../../embedded/fault-proxy.ts";
import { createPrometheus, type Prometheus } from "../../../embedded/prometheus.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { createClient, type Client } from "../../../kit/src/client/client.ts";
import type { AutoscalerView } from "../../../src/operator/autoscaler-view.ts";
import { sleepContract } from "../../../src/jobs/sleep-contract.ts";
import { freshVhost, type FreshVhost } from "../../support/fresh-vhost.ts";
import { OperatorProcess, runMillrace } from "./operator-process.ts";

let scope: RunScope;
let prometheus: Prometheus;
let discovery: string;
let vhost: FreshVhost;
let client: Client;
let tests = 0;
const started: OperatorProcess[] = [];

beforeAll(async () => {
  scope = await createRunScope();
  discovery = join(scope.directory, "discovery");
  await mkdir(discovery);
  prometheus = await createPrometheus(scope, {
    jobs: [{ name: "workers", discoveryDirectory: discovery }],
    scrapeIntervalSeconds: 1,
  });
  await prometheus.start();
});
beforeEach(async () => {
  vhost = await freshVhost();
  proxy = createFaultProxy({ host: vhost.host, port: vhost.amqpPort });
  await proxy.start();
  client = createClient({ amqpUrl: vhost.amqpUrl(), jobs: [sleepContract] });
  await client.start();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((operator) => operator.end("SIGTERM")));
  await client.stop();
  await proxy.stop();
  await vhost.remove();
});
afterAll(async () => {
  await scope.stop();
});

/** The operator's and the workers' way to the broker; to be cut. */
let proxy: FaultProxy;

type Configured = {
  readonly config: string;
  /** Writes the resources again, with these changes. */
  readonly write: (spec: object, annotations?: Readonly<Record<string, string>>) => Promise<void>;
  readonly start: (...flags: string[]) => OperatorProcess;
};

/** A directory with one autoscaler and its pool, and a state file of its own. */
async function configured(spec: object = {}): Promise<Configured> {
  tests += 1;
  const config = join(scope.directory, `config-${tests}`);
  const state = join(scope.directory, `state-${tests}.json`);
  await mkdir(config);
  const write: Configured["write"] = (changes, annotations = {}) =>
    writeFile(join(config, "resources.yaml"), resources({ ...spec, ...changes }, annotations));
  await write({});
  const start = (...flags: string[]) => {
    const operator = new OperatorProcess([
      "--config",
      config,
      "--state",
      state,
      "--amqp-url",
      brokerUrl(),
      "--prometheus-url",
      prometheus.url(),
      "--discovery-dir",
      discovery,
      "--worker-log-dir",
      scope.directory,
      "--cycle-seconds",
      "0.5",
      "--scrape-seconds",
      "1",
      ...flags,
    ]);
    started.push(operator);
    return operator;
  };
  return { config, write, start };
}

function resources(spec: object, annotations: Readonly<Record<string, string>>): string {
  const millrace = new URL("../../../bin/millrace.mjs", import.meta.url).pathname;
  const apiVersion = "millrace.dev/v1alpha1";
  const autoscaler = {
    apiVersion,
    kind: "WorkerAutoscaler",
    metadata: { name: "sleepers", annotations },
    spec: {
      scaleTargetRef: { apiVersion, kind: "ProcessPool", name: "sleep-worker" },
      queues: [{ name: "jobs.sleep", vhost: vhost.vhost }],
      objective: { waitSeconds: 3 },
      replicas: { min: 0, max: 4 },
      scaleIn: { holdSeconds: 2, toZeroAfterSeconds: 2 },
      ...spec,
    },
  };
  const worker = [
    "node",
    millrace,
    "worker",
    "--builtin",
    "sleep",
    "--concurrency",
    "2",
    "--objective-wait-seconds",
    "3",
  ];
  const pool = {
    apiVersion,
    kind: "ProcessPool",
    metadata: { name: "sleep-worker" },
    spec: {
      command: worker,
      env: { AMQP_URL: brokerUrl(), LOG_LEVEL: "warn" },
      terminationGracePeriodSeconds: 10,
    },
  };
  return `${JSON.stringify(autoscaler)}\n---\n${JSON.stringify(pool)}\n`;
}

const brokerUrl = () => vhost.amqpUrl({ proxyPort: proxy.port() });
const submit = (count: number, seconds: number) =>
  Promise.all(Array.from({ length: count }, () => client.submit(sleepContract, { seconds })));
const scaledTo = (replicas: number) => (line: { msg: string; to?: unknown }) =>
  line.msg === "scaled workers" && line.to === replicas;
const viewOf = async (url: string): Promise<AutoscalerView> =>
  JSON.parse(await (await fetch(`${url}/v1/autoscalers/sleepers`)).text());
/**
 * Resolves once the operator has looked at the autoscaler since its start. Its log does not tell: a decision that is the
 * same as the last one before the restart is not written again.
 */
const lookedAt = (url: string) =>
  expect.poll(async () => (await viewOf(url)).lookedAt, { timeout: 30_000, interval: 100 }).toBeDefined();
const desiredOf = async (url: string) => (await viewOf(url)).status.replicas.desired;

test("workers come from zero at the first job, do the jobs, and go back to zero; explain tells the story", {
  timeout: 180_000,
}, async () => {
  const operator = (await configured()).start();
  const url = await operator.url();
  await operator.line(({ msg }) => msg === "kept the count");
  await submit(30, 0.3);
  const confirmedMs = Date.now();
  const first = await operator.line(({ msg }) => msg === "scaled workers");
  // Within a second where nothing else runs.
  expect(Number(first["time"]) - confirmedMs).toBeLessThan(5_000);
  await operator.line(scaledTo(0));

  const explained = await runMillrace(["explain", "sleepers", "--url", url]);
  expect(explained).toMatchObject({ code: 0, stderr: "" });
  expect(explained.stdout).toContain("95 % of the jobs start within 3 s");
  expect(explained.stdout).toContain(String(first["explanation"]));
  expect(explained.stdout).toMatch(/\d → 0 {2}idle/);
  const unknown = await runMillrace(["explain", "nobody", "--url", url]);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain("default/sleepers");
  expect((await viewOf(url)).signals[0]?.broker?.ready).toBe(0);
  expect(await operator.end("SIGTERM")).toBe(0);
});

test("a restart of the operator brings the workers back and changes no count by itself", {
  timeout: 120_000,
}, async () => {
  const { start } = await configured({ replicas: { min: 3, max: 4 } });
  const before = start();
  await before.line(scaledTo(3));
  expect(await before.end("SIGTERM")).toBe(0);

  const after = start();
  const url = await after.url();
  await lookedAt(url);
  expect(await desiredOf(url)).toBe(3);
  expect(after.changes).toEqual([]);

  await after.end("SIGKILL");
  const again = start();
  await lookedAt(await again.url());
  expect(await desiredOf(await again.url())).toBe(3);
  expect(again.changes).toEqual([]);
});

test("without the fast path everything comes through Prometheus, and the backlog is still seen", {
  timeout: 120_000,
}, async () => {
  const operator = (await configured({ replicas: { min: 1, max: 4 } })).start("--no-fast-path");
  await operator.line(scaledTo(1));
  await submit(100, 1);
  const change = await operator.line(
    ({ msg, from, to }) => msg === "scaled workers" && Number(to) > Number(from) && Number(from) === 1,
  );
  expect(Number(change["to"])).toBeGreaterThan(1);
});

test("a changed file counts without a restart, and a wrong one leaves the last good one in force", {
  timeout: 60_000,
}, async () => {
  const { start, write } = await configured({ replicas: { min: 1, max: 4 } });
  const operator = start();
  await operator.line(scaledTo(1));
  await write({ replicas: { min: 3, max: 1 } });
  await operator.line(({ msg }) => msg.startsWith("changed autoscalers are wrong"));
  expect(await desiredOf(await operator.url())).toBe(1);
  await write({}, { "millrace.dev/paused-replicas": "2" });
  await operator.line(scaledTo(2));
});

test("while the broker is away, at the start and in the middle, the operator keeps trying and no count changes", {
  timeout: 120_000,
}, async () => {
  proxy.mode("refuse");
  const operator = (await configured()).start();
  const url = await operator.url();
  await submit(12, 0.5);
  await pollErrors(url, 4);
  expect(operator.changes).toEqual([]);

  proxy.mode("pass");
  await operator.line(({ msg }) => msg === "scaled workers");
  await operator.line(({ msg, source }) => msg === "source answers again" && source === "broker");

  proxy.mode("refuse");
  proxy.reset();
  await operator.line(
    ({ msg, source }) => msg === "source has a problem" && source === "broker",
    operator.lines.length,
  );
  const changes = operator.changes.length;
  await pollErrors(url, 14);
  expect(operator.changes.length).toBe(changes);

  proxy.mode("pass");
  await operator.line(
    ({ msg, source }) => msg === "source answers again" && source === "broker",
    operator.lines.length,
  );
});

/** Resolves once the operator has missed the broker so often; the test's own time limit bounds it. */
async function pollErrors(url: string, count: number): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const errors = [...metrics.matchAll(/^millrace_broker_poll_errors_total\{.*\} (\d+)$/gm)];
    if (errors.reduce((sum, [, value]) => sum + Number(value), 0) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("every problem of the configuration is listed at once, with exit code 2", async () => {
  const { config } = await configured({ queues: [], replicas: { min: 3, max: 1 } });
  const { code, stderr } = await runMillrace(["operator", "--config", config, "--listen", "nowhere"]);
  expect(code).toBe(2);
  for (const problem of [
    "--amqp-url, --brokers-file, --prometheus-url",
    "--listen",
    "spec.queues: empty",
    "spec.replicas.min: min 3 is above max 1",
  ]) {
    expect(stderr).toContain(problem);
  }
});

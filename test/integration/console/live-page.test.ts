import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { type Client, createClient } from "../../../kit/src/client/client.ts";
import type { Detail, Problem, Summary } from "../../../src/console/contract.ts";
import { sleepContract } from "../../../src/jobs/sleep-contract.ts";
import { freshDatabase } from "../../support/fresh-database.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import { type StreamEvent, StreamReader } from "../../support/stream-reader.ts";
import { OperatorProcess } from "../operator/operator-process.ts";

const millrace = fileURLToPath(new URL("../../../bin/millrace.mjs", import.meta.url));
const apiVersion = "millrace.dev/v1alpha1";

let scope: RunScope;
let vhost: FreshVhost;
let client: Client;
const operators: OperatorProcess[] = [];
const gateways: ChildProcess[] = [];

beforeAll(async () => {
  scope = await createRunScope();
  vhost = await freshVhost();
  client = createClient({ amqpUrl: vhost.amqpUrl(), jobs: [sleepContract] });
  await client.start();
  await writeFile(join(scope.directory, "resources.yaml"), resources());
});
afterEach(async () => {
  for (const gateway of gateways.splice(0)) gateway.kill("SIGKILL");
  await Promise.all(operators.splice(0).map((operator) => operator.end("SIGTERM")));
});
afterAll(async () => {
  await client.stop();
  await vhost.remove();
  await scope.stop();
});

function resources(): string {
  const autoscaler = {
    apiVersion,
    kind: "WorkerAutoscaler",
    metadata: { name: "sleepers" },
    spec: {
      scaleTargetRef: { apiVersion, kind: "ProcessPool", name: "sleep-worker" },
      queues: [{ name: "jobs.sleep", vhost: vhost.vhost }],
      objective: { waitSeconds: 3 },
      replicas: { min: 0, max: 2 },
      scaleIn: { holdSeconds: 2, toZeroAfterSeconds: 2 },
    },
  };
  const command = [process.execPath, millrace, "worker", "--builtin", "sleep", "--concurrency", "2"];
  const env = { AMQP_URL: vhost.amqpUrl(), LOG_LEVEL: "warn" };
  const pool = {
    apiVersion,
    kind: "ProcessPool",
    metadata: { name: "sleep-worker" },
    spec: { command, env },
  };
  return `${JSON.stringify(autoscaler)}\n---\n${JSON.stringify(pool)}\n`;
}

function operatorAt(port: number): OperatorProcess {
  const flags = {
    "--config": join(scope.directory, "resources.yaml"),
    "--state": join(scope.directory, "state.json"),
    "--amqp-url": vhost.amqpUrl(),
    "--worker-log-dir": scope.directory,
    "--cycle-seconds": "0.5",
    "--listen": `${scope.address}:${port}`,
  };
  const operator = new OperatorProcess(Object.entries(flags).flat());
  operators.push(operator);
  return operator;
}

/** `millrace gateway` that relays from an operator; answers with its address. */
async function gatewayFor(operatorUrl: string): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    AMQP_URL: vhost.amqpUrl(),
    DATABASE_URL: await freshDatabase(),
    MILLRACE_OPERATOR_URL: operatorUrl,
  };
  const child = spawn(process.execPath, [millrace, "gateway", "--port", "0"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  gateways.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, url } = JSON.parse(line);
    if (msg === "gateway listening") return url;
  }
  throw new Error("the gateway ended");
}

const changed = ({ event, data }: StreamEvent): readonly Summary[] =>
  event === "changes" ? data.changed : [];

test("a decision is on the page soon, with its sentence", { timeout: 90_000 }, async ({ annotate }) => {
  const operator = operatorAt(await scope.freePort());
  const url = await operator.url();
  await operator.line(({ msg }) => msg === "kept the count");
  const reader = await StreamReader.open(url);
  const { autoscalers } = await reader.snapshot();
  expect(autoscalers).toMatchObject([{ key: "default/sleepers", target: "ProcessPool sleep-worker" }]);
  await Promise.all(Array.from({ length: 20 }, () => client.submit(sleepContract, { seconds: 0.3 })));
  const isDecided = (event: StreamEvent) =>
    changed(event).some(({ lastDecision }) => (lastDecision?.to ?? 0) > 0);
  const told = await reader.next(isDecided);
  const decision = changed(told)[0]?.lastDecision;
  const heardAfterMs = Date.now() - Date.parse(decision?.time ?? "");
  await annotate(
    `heard ${heardAfterMs} ms after it was made; promised are 2,000 on a machine that is not busy`,
  );
  expect(heardAfterMs).toBeLessThan(10_000);
  const line = await operator.line(
    ({ msg, from, to }) => msg === "scaled workers" && from === decision?.from && to === decision?.to,
  );
  expect(decision).toMatchObject({ explanation: line["explanation"], reason: line["reason"] });
  // And each look after it is a point of the chart.
  const points = () => reader.events.flatMap(changed).flatMap(({ point }) => point?.time ?? []);
  await expect.poll(() => new Set(points()).size, { timeout: 20_000 }).toBeGreaterThan(2);
  reader.close();
});

test("a gateway shows its operator; a restart ends the stream, and what was decided before is told again", {
  timeout: 90_000,
}, async () => {
  const port = await scope.freePort();
  const first = operatorAt(port);
  const gatewayUrl = await gatewayFor(await first.url());
  expect(await (await fetch(gatewayUrl)).text()).toContain("<html");
  const detailUrl = `${gatewayUrl}/console/autoscalers/default/sleepers`;
  const detail = async () => (await (await fetch(detailUrl)).json()) as Detail;
  await expect.poll(async () => (await detail()).decisions).not.toEqual([]);
  const before = await detail();
  const reader = await StreamReader.open(gatewayUrl);
  expect(await reader.snapshot()).toMatchObject({ role: "leader", total: 1 });

  expect(await first.end("SIGTERM")).toBe(0);
  await reader.closed;
  const away = await fetch(`${gatewayUrl}/console/stream`);
  expect(away.status).toBe(503);
  expect((await away.json()) as Problem).toMatchObject({ code: "operator-away" });

  const second = operatorAt(port);
  await second.url();
  const again = await StreamReader.open(gatewayUrl);
  expect(await again.snapshot()).toMatchObject({ total: 1, autoscalers: [{ key: "default/sleepers" }] });
  const after = await detail();
  expect(after.decisions.map(({ time }) => time)).toEqual(
    expect.arrayContaining(before.decisions.slice(0, 1).map(({ time }) => time)),
  );
  again.close();
});

test("a gateway ends at once although pages are open", { timeout: 60_000 }, async () => {
  const operator = operatorAt(await scope.freePort());
  const gatewayUrl = await gatewayFor(await operator.url());
  const reader = await StreamReader.open(gatewayUrl);
  await reader.snapshot();
  const [gateway] = gateways;
  if (gateway === undefined) throw new Error("no gateway");
  const startedMs = Date.now();
  const exited = once(gateway, "exit");
  gateway.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  await reader.closed;
  // The drain alone may take 25 s when a connection stays.
  expect(Date.now() - startedMs).toBeLessThan(15_000);
});

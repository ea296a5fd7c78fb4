import { spawnSync } from "node:child_process";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { collectNodeMetrics } from "../../../kit/src/node-metrics.ts";
import { programs } from "../../../scripts/programs.mjs";
import { createFleetMetrics } from "../../../src/kubernetes/fleet-metrics.ts";
import { createKubernetesMetrics } from "../../../src/kubernetes/metrics.ts";
import { sleepHandler } from "../../../src/jobs/sleep-handler.ts";
import { exposition } from "../../../src/operator/exposition.ts";
import { createPoolMetrics } from "../../../src/processes/metrics.ts";
import { startedScenario } from "../../fakes/operator-scenario.ts";
import { freshDatabase } from "../../support/fresh-database.ts";
import { startGateway } from "../gateway/gateway-harness.ts";
import { startWorker, vhostForTest } from "../kit/setup.ts";

/** What `promtool check metrics` has to say: syntax that Prometheus refuses, and names or texts against its conventions. */
function problemsOf(text: string): string {
  const promtool = programs.promtool.find(process.env);
  if (promtool === undefined)
    throw new Error("promtool is not there: install prometheus, or set PROMTOOL_BIN");
  const { status, stdout, stderr, error } = spawnSync(promtool, ["check", "metrics"], { input: text });
  if (error !== undefined) throw error;
  return status === 0 && stderr.length === 0 ? "" : `${String(stdout)}${String(stderr)}`;
}

test("promtool finds what is wrong, so that silence means something", () => {
  expect(problemsOf("# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n")).toContain("_total");
  expect(problemsOf('# HELP a A.\n# TYPE a gauge\na{b="c"d"} 1\n')).toContain("error");
});

test("the operator's metrics are clean, on a cluster and with pools, whatever the names", async () => {
  const names = [`a"} 1`, "b\nc", String.raw`d\e`, "очередь 🐇", "<img onerror=alert(1)>", "q".repeat(250)];
  const scenario = await startedScenario({
    spec: { queues: [{ name: "jobs.image" }, ...names.map((name) => ({ name }))] },
  });
  const { registry } = scenario;
  createKubernetesMetrics(registry, {
    leaseTransitions: () => 1,
    openConnections: () => 2,
    rejected: () => 0,
  });
  const resource = { group: "", version: "v1", plural: "pods" };
  const cache = {
    resource,
    size: 3,
    listed: async () => {},
    oldestMs: 0,
    staleBecause: () => undefined,
    stop: async () => {},
  };
  createFleetMetrics(registry, () => [cache]).victims("hit");
  const counts = { ready: 1, starting: 0, failing: 0, draining: 0 };
  createPoolMetrics(registry, () => [{ namespace: "default", pool: "workers", counts }]);
  scenario.world.publish(20);
  await scenario.walk(10);
  const text = await exposition(registry);
  expect(text).toMatch(/^millrace_scale_events_total\{.* 1$/m);
  expect(text).toContain(`queue="b\\nc"`);
  expect(problemsOf(text)).toBe("");
});

test("a gateway's metrics are clean, Node's own included", async () => {
  const vhost = await vhostForTest();
  const gateway = await startGateway({ amqpUrl: vhost.amqpUrl(), databaseUrl: await freshDatabase() });
  onTestFinished(() => gateway.stop());
  await gateway.server.ready();
  expect((await gateway.post("sleep", { seconds: 0 })).status).toBe(202);
  const text = String((await gateway.get("/metrics")).body["text"]);
  expect(text).toMatch(/^gateway_jobs_accepted_total\{type="sleep"\} 1$/m);
  expect(text).toMatch(/^process_resident_memory_bytes /m);
  expect(problemsOf(text)).toBe("");
});

test("a worker's metrics are clean, Node's own included", async () => {
  const vhost = await vhostForTest();
  const registry = new Registry();
  collectNodeMetrics(registry);
  const { worker } = await startWorker(vhost.amqpUrl(), [sleepHandler], { registry });
  await worker.ready();
  const text = await registry.metrics();
  expect(text).toMatch(/^worker_workers_running\{.*\} [1-9]/m);
  expect(problemsOf(text)).toBe("");
});

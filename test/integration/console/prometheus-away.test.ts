import type { Browser } from "playwright-core";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPrometheus, type Prometheus } from "../../../embedded/prometheus.ts";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { silentLogger } from "../../../kit/src/logger.ts";
import { operatorPage } from "../../../src/console/operator-page.ts";
import type { AutoscalerView } from "../../../src/operator/autoscaler-view.ts";
import { createOperator, type Operator } from "../../../src/operator/operator.ts";
import { createPrometheusWorkerSource } from "../../../src/prometheus/prometheus-worker-source.ts";
import { launchChromium, openTab } from "../../console/browser.ts";
import { MemoryFleet } from "../../fakes/memory-fleet.ts";
import { autoscalerResource, scenarioTarget } from "../../fakes/operator-scenario.ts";
import { MetricsTarget, workerPage } from "../adapters/metrics-target.ts";

const scrapeIntervalSeconds = 0.25;
const queue = { key: "default///jobs.image", broker: "default", vhost: "/", name: "jobs.image" };
/** The machine's own, but minutes can be skipped. */
const clock = {
  skippedMs: 0,
  get nowMs() {
    return Date.now() + this.skippedMs;
  },
  read: () => clock.nowMs,
  advance(seconds: number) {
    this.skippedMs += seconds * 1_000;
  },
};
const worker = new MetricsTarget();
const show = (started: number): Promise<void> =>
  worker.show(workerPage(queue, { started, waits: { "1": 0, "5": 0, "60": started, "+Inf": started } }));

let scope: RunScope;
let browser: Browser;
let prometheus: Prometheus;
let operator: Operator;

beforeAll(async () => {
  scope = await createRunScope();
  browser = await launchChromium(scope);
  prometheus = await createPrometheus(scope, {
    jobs: [{ name: "workers", targets: [await worker.start(scope.address)] }],
    scrapeIntervalSeconds,
  });
  await prometheus.start();
  operator = createOperator(
    {
      autoscalers: [autoscalerResource({ replicas: { min: 1, max: 1 } })],
      fleet: new MemoryFleet([scenarioTarget], { clock, startupSeconds: 0 }),
      broker: {
        read: async () => ({ queues: new Map([[queue.key, { ageSeconds: 0, epoch: "1", ready: 0 }]]) }),
      },
      workers: createPrometheusWorkerSource({ url: prometheus.url(), scrapeIntervalSeconds }),
      registry: new Registry(),
      logger: silentLogger,
      nowMs: clock.read,
      listen: { host: scope.address, port: 0 },
      page: operatorPage,
    },
    { cycleSeconds: 0.2 },
  );
  await show(0);
  await operator.start();
});
afterAll(async () => {
  await browser.close();
  await operator.stop();
  await worker.stop();
  await scope.stop();
});

const view = async (): Promise<AutoscalerView> =>
  (await fetch(`${operator.url}/v1/autoscalers/images`)).json() as Promise<AutoscalerView>;
const soon = { timeout: 20_000, interval: 100 };

test("with Prometheus away, the page says since when the workers' metrics are old and why, and the wait does not freeze", {
  timeout: 120_000,
}, async () => {
  await expect.poll(async () => (await view()).signals[0]?.workers?.waits, soon).toBeDefined();
  await show(100);
  clock.advance(30);
  await expect.poll(async () => (await view()).status.objective.waitSecondsP95, soon).toBe(60);
  const { page, problems } = await openTab(browser, `${operator.url}/#/autoscalers/default/images`);
  const wait = page.locator(".now div", { hasText: "Wait, 95 of 100 jobs" }).locator(".value");
  await wait.getByText("≤\u00A01\u00A0min").waitFor();

  const leavingMs = clock.nowMs;
  await prometheus.stop();
  const goneMs = clock.nowMs;
  clock.advance(31);
  const note = page.getByText(
    /^The workers' metrics have not been read in full since (?:\d+ \w+, )?\d\d:\d\d:\d\d: Prometheus at http:\S+ cannot be reached: .+\.$/,
  );
  await note.waitFor();
  const [told = ""] = (await view()).notes ?? [];
  const toldMs = Date.parse(/since (\S+Z):/.exec(told)?.[1] ?? "");
  expect(toldMs).toBeGreaterThan(leavingMs - 10_000);
  expect(toldMs).toBeLessThanOrEqual(goneMs);
  expect(await note.count()).toBe(1);
  expect(await wait.textContent()).toBe("≤\u00A01\u00A0min");

  clock.advance(300);
  await wait.getByText("not known").waitFor();
  expect((await view()).status.objective).not.toHaveProperty("waitSecondsP95");

  await prometheus.start();
  await note.waitFor({ state: "detached" });
  expect(problems).toEqual([]);
});

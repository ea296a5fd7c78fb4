import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { createPrometheus, type Prometheus } from "../../embedded/prometheus.ts";
import { createRunScope, type RunScope } from "../../embedded/run-scope.ts";
import { createClient } from "../../kit/src/client/client.ts";
import { sleepContract } from "../../src/jobs/sleep-contract.ts";
import { ownWorkers } from "./support/own-workers.ts";
import { deployments } from "./support/kinds.ts";
import { type PodTargets, writePodTargets } from "./support/pod-targets.ts";
import { jobQueue, test } from "./support/scene.ts";
import { stage } from "./support/stage-facts.ts";

/** Jobs enough for the most replicas, however long one takes to start. */
const plenty = 1_000;
/** Where a start-up takes longer than the promise, the hold is up to two minutes. */
const inMs = 240_000;

/** A page of somebody else's metrics. */
const serveGauge = async (host: string) => {
  let value = 0;
  const server: Server = createServer((_request, response) => {
    response.end(`# TYPE my_lag gauge\nmy_lag ${value}\n`);
  });
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the page is not served");
  return {
    target: `${host}:${address.port}`,
    set: (next: number) => {
      value = next;
    },
    close: () => void server.close(),
  };
};

describe("through Prometheus", { timeout: 10 * 60_000 }, () => {
  let scope: RunScope;
  let prometheus: Prometheus;
  let podTargets: PodTargets;
  let lag: Awaited<ReturnType<typeof serveGauge>>;

  beforeAll(async () => {
    const { host, prometheusPort, kubeconfig } = stage();
    scope = await createRunScope();
    podTargets = await writePodTargets(kubeconfig, scope.directory);
    lag = await serveGauge(host);
    prometheus = await createPrometheus(
      { ...scope, address: host },
      {
        port: prometheusPort,
        scrapeIntervalSeconds: 2,
        jobs: [
          { name: "workers", discoveryDirectory: podTargets.directory },
          { name: "lag", targets: [lag.target] },
        ],
      },
    );
    await prometheus.start();
  });
  afterAll(async () => {
    lag.close();
    await podTargets.stop();
    await scope.stop();
  });

  test("a floor by PromQL asks for more and never for less (scaling_modifiers, scalers/prometheus)", async ({
    scene,
  }) => {
    lag.set(0);
    const replicas = await scene.deploy();
    await scene.autoscale({ floor: { promql: "ceil(max(my_lag) / 100)" } });
    await replicas.staysFor(10_000);
    lag.set(250);
    await replicas.reaches(3, 30_000);
    lag.set(950);
    await replicas.reaches(4, 30_000); // max
    lag.set(50);
    await replicas.reaches(1, 120_000);
    await scene.publisher.publish(jobQueue, plenty, { body: () => ({ ms: 500 }) });
    await replicas.reaches(4, 30_000);
    await scene.publisher.purge(jobQueue);
    lag.set(0);
    await replicas.reaches(0, inMs);
  });

  test("Prometheus gone for two minutes: the count holds, then the fallback, then the load again", async ({
    scene,
    annotate,
  }) => {
    const client = createClient({ amqpUrl: scene.vhost.amqpUrl(), jobs: [sleepContract] });
    await client.start();
    await scene.create(deployments, ownWorkers({ amqpUrl: scene.vhost.amqpUrl(), replicas: 1 }));
    const replicas = await scene.record(deployments);
    // The operator reaches no broker of this name: all that it knows comes from the workers through Prometheus.
    await scene.autoscale({
      broker: "spare-metrics",
      queues: [scene.queue("jobs.sleep")],
      objective: { waitSeconds: 2 },
      replicas: { min: 1, max: 6 },
      fallback: { afterSeconds: 60, behavior: "Static", replicas: 5 },
      scaleIn: { holdSeconds: 10 },
    });
    await scene.untilCondition("SignalsFresh", "True", { withinMs: 60_000 });
    await Promise.all(Array.from({ length: plenty }, () => client.submit(sleepContract, { seconds: 2 })));
    await replicas.reaches(6, 45_000);
    await prometheus.kill();
    const goneAtMs = Date.now();
    await scene.publisher.purge("jobs.sleep"); // which is not seen
    await replicas.staysFor(40_000);
    expect(replicas.now()).toBe(6);
    const fallbackAtMs = await replicas.reaches(5, 60_000);
    await annotate(
      `held 6 replicas; the fallback came ${(fallbackAtMs - goneAtMs) / 1_000} s after the outage`,
    );
    expect(fallbackAtMs - goneAtMs).toBeGreaterThan(50_000);
    await replicas.staysFor(goneAtMs + 120_000 - Date.now());
    await prometheus.start();
    await scene.untilCondition("SignalsFresh", "True", { withinMs: 60_000 });
    await replicas.reaches(1, inMs);
    await client.stop();
  });
});

import { Counter, Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { MetricsServer } from "./metrics-server.ts";

const start = async () => {
  const registry = new Registry();
  const jobs = new Counter({ name: "jobs_total", help: "Jobs.", registers: [registry] });
  jobs.inc();
  const worker = { registry, isAlive: true, isReady: true };
  const server = new MetricsServer({ worker, host: "127.0.0.1", port: 0 });
  await server.start();
  onTestFinished(() => server.stop());
  return async (accept: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`, { headers: { accept } });
    return { type: response.headers.get("content-type"), text: await response.text() };
  };
};

test("metrics come as OpenMetrics to a scraper that prefers it, and as Prometheus' text to all others", async () => {
  const scrape = await start();
  const openMetrics = "# HELP jobs Jobs.\n# TYPE jobs counter\njobs_total 1\n# EOF\n";
  const text = "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total 1\n";
  const plain = { type: "text/plain; version=0.0.4; charset=utf-8", text };
  expect(await scrape("*/*")).toEqual(plain);
  expect(await scrape("application/openmetrics-text;version=1.0.0,text/plain;q=0.5")).toEqual({
    type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    text: openMetrics,
  });
  expect(await scrape("text/plain")).toEqual(plain);
});

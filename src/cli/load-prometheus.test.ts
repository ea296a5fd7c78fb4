import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPrometheus } from "./load-prometheus.ts";
import { staleAfterSeconds } from "./operator-common.ts";
import type { OperatorFlags } from "./operator-flags.ts";

const flags = (more: Partial<OperatorFlags>): OperatorFlags => ({
  scrapeSeconds: "15",
  fastPath: true,
  leaseName: "l",
  leaderElection: true,
  state: "s",
  listen: "127.0.0.1:0",
  workerMetricsHost: "127.0.0.1",
  cycleSeconds: "2",
  logLevel: "info",
  ...more,
});
const fileWith = async (text: string): Promise<string> => {
  const path = join(await mkdtemp(join(tmpdir(), "prometheus-")), "prometheus.yaml");
  await writeFile(path, text);
  return path;
};

test("an address is enough, and none is none; samples are stale after three scrapes, not before 30 s", async () => {
  const problems: string[] = [];
  const found = await loadPrometheus(flags({ prometheusUrl: "http://p:9090" }), problems);
  expect(found).toEqual({ url: "http://p:9090", scrapeIntervalSeconds: 15 });
  expect(staleAfterSeconds(found)).toBe(45);
  expect(await loadPrometheus(flags({}), problems)).toBeUndefined();
  expect(staleAfterSeconds(undefined)).toBe(30);
  expect(problems).toEqual([]);
});

test("a file says more, and its scrape interval wins", async () => {
  const problems: string[] = [];
  const prometheusFile = await fileWith(
    "prometheus: { url: 'http://p:9090', scrapeIntervalSeconds: 60, headers: { X-Scope-OrgID: shop } }",
  );
  expect(await loadPrometheus(flags({ prometheusFile }), problems)).toEqual({
    url: "http://p:9090",
    scrapeIntervalSeconds: 60,
    headers: { "X-Scope-OrgID": "shop" },
  });
  expect(problems).toEqual([]);
});

test("every problem is named by its flag", async () => {
  const problems: string[] = [];
  const prometheusFile = await fileWith("prometheus: { scrapeIntervalSeconds: 0 }");
  await loadPrometheus(flags({ prometheusFile, prometheusUrl: "ftp://p", scrapeSeconds: "0" }), problems);
  expect(problems).toEqual([
    "--scrape-seconds: expected 1 to 300 seconds, got 0",
    "--prometheus-url: expected an address that starts with http:// or https://",
    "--prometheus-file: does not go with --prometheus-url: it names the address",
    expect.stringMatching(/^--prometheus-file .*prometheus\.url: required/),
    expect.stringMatching(/^--prometheus-file .*prometheus\.scrapeIntervalSeconds: expected/),
  ]);
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRunScope, type RunScope } from "../../../embedded/run-scope.ts";
import { type Client, createClient } from "../../../kit/src/client/client.ts";
import { sleepContract } from "../../../src/jobs/sleep-contract.ts";
import { launchChromium, openTab } from "../../console/browser.ts";
import { type FreshVhost, freshVhost } from "../../support/fresh-vhost.ts";
import { OperatorProcess } from "../operator/operator-process.ts";

const millrace = fileURLToPath(new URL("../../../bin/millrace.mjs", import.meta.url));
const apiVersion = "millrace.dev/v1alpha1";

let scope: RunScope;
let browser: Browser;
let vhost: FreshVhost;
let client: Client;
const operators: OperatorProcess[] = [];

beforeAll(async () => {
  scope = await createRunScope();
  vhost = await freshVhost();
  client = createClient({ amqpUrl: vhost.amqpUrl(), jobs: [sleepContract] });
  [browser] = await Promise.all([launchChromium(scope), client.start()]);
});
afterAll(async () => {
  await browser.close();
  await Promise.all(operators.map((operator) => operator.end("SIGTERM")));
  await client.stop();
  await vhost.remove();
  await scope.stop();
});

const resources = (): string => {
  const autoscaler = {
    apiVersion,
    kind: "WorkerAutoscaler",
    metadata: { name: "sleepers" },
    spec: {
      scaleTargetRef: { apiVersion, kind: "ProcessPool", name: "sleep-worker" },
      queues: [{ name: "jobs.sleep", vhost: vhost.vhost }],
      objective: { waitSeconds: 3 },
      replicas: { min: 0, max: 2 },
    },
  };
  const command = [process.execPath, millrace, "worker", "--builtin", "sleep", "--concurrency", "2"];
  const pool = {
    apiVersion,
    kind: "ProcessPool",
    metadata: { name: "sleep-worker" },
    spec: { command, env: { AMQP_URL: vhost.amqpUrl(), LOG_LEVEL: "warn" } },
  };
  return `${JSON.stringify(autoscaler)}\n---\n${JSON.stringify(pool)}\n`;
};

const operatorAt = (port: number): OperatorProcess => {
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
};

test("in a browser, the operator's decisions are seen as they are made, and its restart is survived", {
  timeout: 120_000,
}, async ({ annotate }) => {
  await writeFile(join(scope.directory, "resources.yaml"), resources());
  const port = await scope.freePort();
  const first = operatorAt(port);
  const url = await first.url();
  const { page, problems, origins } = await openTab(browser, url);
  await page.getByRole("link", { name: "sleepers" }).click();
  await page.getByText("Live", { exact: true }).waitFor();

  const shownAtMs = page.evaluate<number>(
    `new Promise((resolve) => new MutationObserver(() => {
      if (document.querySelector(".decision .step[data-direction=up]")) resolve(Date.now());
    }).observe(document.body, { subtree: true, childList: true }))`,
  );
  await Promise.all(Array.from({ length: 20 }, () => client.submit(sleepContract, { seconds: 0.3 })));
  const decision = page.locator(".decision", { hasText: /From 0 to \d/ });
  const madeAt = await decision.locator("time").getAttribute("datetime");
  const shownAfterMs = (await shownAtMs) - Date.parse(madeAt ?? "");
  await annotate(
    `shown ${shownAfterMs} ms after it was made; promised are 2,000 on a machine that is not busy`,
  );
  expect(shownAfterMs).toBeLessThan(10_000);
  await decision.locator("summary").click();
  await decision.getByText("recommended").waitFor();
  await page
    .locator(".queue-list")
    .getByText(/\d+ ready, /)
    .waitFor();
  expect(problems).toEqual([]);

  await first.end("SIGTERM");
  await page.getByText(/^Data since \d\d:\d\d:\d\d is old/).waitFor();
  await operatorAt(port).url();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.locator(".decision", { has: page.locator(`time[datetime="${madeAt}"]`) }).waitFor();
  expect([...origins]).toEqual([url]);
});

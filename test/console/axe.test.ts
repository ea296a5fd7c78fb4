import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  brokenSummary,
  burstSeries,
  decisionsOf,
  infeasibleSummary,
  prometheusAway,
  summaryOf,
} from "./fixtures.ts";
import type { FixtureServer } from "./fixture-server.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
let axeSource: string;
beforeAll(async () => {
  stage = await Stage.create();
  axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
});
afterEach(() => stage.clear());
afterAll(() => stage.end());

/** What axe finds wrong, best practices included. The page's policy does not hold for what a debugger runs. */
const violations = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(axeSource);
  const results = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  return (results as AxeResults).violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary}`).join("; ")}`,
  );
};

const everyState = [
  summaryOf("email"),
  brokenSummary("images"),
  infeasibleSummary("reports"),
  summaryOf("exports", { verdict: "unknown", lookedAt: new Date(Date.now() - 75_000).toISOString() }),
  summaryOf("thumbnails", { verdict: "paused" }),
  summaryOf("webhooks", { mode: "DryRun" }),
];

const withEverything = async (): Promise<FixtureServer> => {
  const server = await stage.serve();
  server.about = { role: "leader", notes: [prometheusAway()] };
  server.know(everyState, { decisions: decisionsOf(60), series: burstSeries(), notes: ["A note."] });
  return server;
};

/** Light, dark, and on a phone: axe is run in each. */
const violationsInEveryLook = async (page: Page): Promise<readonly string[]> => {
  const light = await violations(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await violations(page);
  await page.setViewportSize({ width: 390, height: 844 });
  return [...light, ...dark, ...(await violations(page))];
};

describe("axe finds nothing wrong, light, dark and on a phone,", () => {
  test("in the overview", async () => {
    const server = await withEverything();
    const { page } = await stage.open(server.url());
    await page.locator("tbody tr").nth(5).waitFor();
    expect(await violationsInEveryLook(page)).toEqual([]);
  });

  test("in one autoscaler, its disclosures open", async () => {
    const server = await withEverything();
    const { page } = await stage.open(`${server.url()}/#/autoscalers/shop/reports`);
    await page.getByText("1 to 25 of 60").waitFor();
    await page.locator(".decision summary").first().click();
    await page.getByText("The same as a table").click();
    await page.getByText("service time, mean").first().waitFor();
    expect(await violationsInEveryLook(page)).toEqual([]);
  });

  test("without autoscalers", async () => {
    const server = await stage.serve();
    const { page } = await stage.open(server.url());
    await page.getByText("No autoscaler yet").waitFor();
    expect(await violationsInEveryLook(page)).toEqual([]);
  });

  test("with old data", async () => {
    const server = await withEverything();
    const { page } = await stage.open(server.url());
    await page.locator("tbody tr").nth(5).waitFor();
    await server.stop();
    await page.getByText(/^Data since/).waitFor();
    expect(await violationsInEveryLook(page)).toEqual([]);
  });

  test("but a picture without words, so that an empty list means something", async () => {
    const server = await stage.serve();
    const { page } = await stage.open(server.url());
    await page.evaluate(() => document.querySelector("main")?.append(document.createElement("img")));
    expect(await violations(page)).toEqual([expect.stringContaining("image-alt")]);
  });
});

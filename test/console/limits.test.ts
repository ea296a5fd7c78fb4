import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { load } from "./browser.ts";
import { brokenSummary, burstSeries, decisionsOf, summaryOf } from "./fixtures.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
});
afterEach(() => stage.clear());
afterAll(() => stage.end());

const elements = (page: Page): Promise<number> => page.evaluate(() => document.querySelectorAll("*").length);

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => summaryOf(`worker-${String(index).padStart(4, "0")}`));

describe("five hundred autoscalers", () => {
  test("are drawn, filtered, and updated with one write for each figure that changed", async () => {
    const server = await stage.serve();
    server.know([...many(499), brokenSummary("images")]);
    const { page, problems } = await stage.open(server.url());
    await page.locator("tbody tr").nth(499).waitFor();
    expect(await page.locator("tbody tr a").first().textContent()).toBe("images");

    await page.evaluate(() => {
      const writes: string[] = [];
      Object.assign(globalThis, { writes });
      new MutationObserver((records) => writes.push(...records.map(({ type }) => type))).observe(
        document.querySelector("tbody") as Element,
        { subtree: true, childList: true, characterData: true, attributes: true },
      );
    });
    // A look of the operator touches them all, and changes one figure of each.
    const lookedAt = new Date().toISOString();
    server.change({
      changed: many(499).map((summary, at) => ({ ...summary, lookedAt, backlog: 1_000 + at })),
    });
    await page.getByText("1,498", { exact: true }).waitFor({ state: "attached" });
    expect(await page.evaluate(() => (globalThis as unknown as { writes: string[] }).writes.length)).toBe(
      499,
    );
    await page.getByRole("searchbox").fill("worker-0123");
    await page.getByText("1 of 500\u00A0autoscalers").waitFor();
    expect(await page.locator("tbody tr").count()).toBe(1);
    expect(problems).toEqual([]);
  });

  test("and more are drawn on demand only, so that the page stays bounded", async () => {
    const server = await stage.serve();
    server.know(many(1_200));
    const { page } = await stage.open(server.url());
    await page.locator("tbody tr").nth(499).waitFor();
    expect(await page.locator("tbody tr").count()).toBe(500);
    await page.getByRole("button", { name: "Show 500 more" }).click();
    await page.getByRole("button", { name: "Show 200 more" }).click();
    expect(await page.locator("tbody tr").count()).toBe(1_200);
    expect(await page.getByRole("button", { name: /Show/ }).count()).toBe(0);
  });
});

describe("ten thousand decisions", () => {
  test("are shown a page at a time, and what is drawn stays bounded", async () => {
    const server = await stage.serve();
    const decisions = decisionsOf(10_000);
    server.know([summaryOf("email")], { decisions, series: burstSeries() });
    const { page } = await stage.open(`${server.url()}/#/autoscalers/shop/email`);
    await page.getByText("1 to 25 of 10,000, newest first").waitFor();
    const drawn = await elements(page);
    const first = await page.locator(".decision time").first().textContent();

    for (const place of ["26 to 50", "51 to 75", "76 to 100"]) {
      await page.getByRole("button", { name: "Older" }).click();
      await page.getByText(`${place} of 10,000`).waitFor();
    }
    expect(await page.locator(".decision").count()).toBe(25);
    expect(await elements(page)).toBeLessThan(drawn * 1.2);
    await page.getByRole("button", { name: "Newest" }).click();
    await page.getByText("1 to 25 of 10,000").waitFor();
    expect(await page.locator(".decision time").first().textContent()).toBe(first);
  });
});

describe("hostile names", () => {
  const names = [
    '"}{x="',
    "<img src=x onerror=globalThis.injected=1>",
    "a/b?c=d#e&f%2Fg",
    "../../console/stream",
    "Größe-队列-\u202Eevil\u202C-🌊",
    "n".repeat(250),
  ];

  test("are text, and their links lead to them", async () => {
    const server = await stage.serve();
    const [first = "", ...others] = names;
    for (const [at, name] of names.entries()) {
      const namespace = at % 2 === 0 ? "shop" : first;
      server.know(
        [summaryOf(name, { namespace, sentence: `About ${name}.`, target: `Deployment ${name}` })],
        {
          decisions: decisionsOf(1).map((decision) => ({ ...decision, explanation: name, problem: name })),
          notes: [name],
          wouldChange: others,
          series: burstSeries(),
        },
      );
      const { page, problems } = await stage.open(server.url(), { viewport: { width: 390, height: 844 } });
      await page.locator("tbody tr").waitFor();
      expect(await page.locator("tbody .who a").textContent()).toBe(name);
      expect(await overflow(page)).toBe(0);
      await page.locator("tbody .who a").click();
      await page.getByText("1 to 1 of 1").waitFor();
      await load(page);
      await page.getByText("1 to 1 of 1").waitFor();
      expect(await page.locator("h1").textContent()).toBe(`${namespace} / ${name}`);
      expect(await page.locator(".decision .why p").first().textContent()).toBe(name);
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.evaluate(() => Object.hasOwn(globalThis, "injected"))).toBe(false);
      expect(await overflow(page)).toBe(0);
      expect(problems).toEqual([]);
      await page.close();
    }
  });
});

/** How far the page can be scrolled sideways, pixels. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe("a phone", () => {
  test.each([320, 390])("of %d pixels shows everything without scrolling sideways", async (width) => {
    const server = await stage.serve();
    server.know([brokenSummary("images"), summaryOf("email", { mode: "DryRun" })], {
      decisions: decisionsOf(60),
      series: burstSeries(),
    });
    const { page } = await stage.open(server.url(), { viewport: { width, height: 700 }, isMobile: true });
    await page.locator("tbody tr").nth(1).waitFor();
    expect(await overflow(page)).toBe(0);
    await page.getByRole("link", { name: "images" }).click();
    await page.getByText("1 to 25 of 60").waitFor();
    await page.locator(".decision summary").first().click();
    await page.getByText("The same as a table").click();
    expect(await overflow(page)).toBe(0);
    const chart = await page.locator(".chart canvas").first().boundingBox();
    expect((chart?.x ?? 0) + (chart?.width ?? width + 1)).toBeLessThanOrEqual(width);
  });
});

describe("the page", () => {
  test("asks nobody but the server it came from", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email")], { decisions: decisionsOf(60), series: burstSeries() });
    const { page, origins, problems } = await stage.open(server.url());
    await page.getByRole("link", { name: "email" }).click();
    await page.getByText("1 to 25 of 60").waitFor();
    await page.getByRole("button", { name: "Colours: system" }).click();
    expect([...origins]).toEqual([server.url()]);
    expect(problems).toEqual([]);
  });

  test("is held to its policy: what is injected does not run", async () => {
    const server = await stage.serve();
    const { page, problems } = await stage.open(server.url());
    await page.getByText("No autoscaler yet").waitFor();
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.injected = 1";
      document.body.append(script);
    });
    expect(await page.evaluate(() => Object.hasOwn(globalThis, "injected"))).toBe(false);
    await expect.poll(() => problems).toEqual([expect.stringContaining("Content Security Policy")]);
  });
});

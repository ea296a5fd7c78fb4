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

/** What has the focus: its text or label. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
  });

/** Whether one can see what has the focus. */
const showsFocus = (page: Page): Promise<boolean> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (element === null) return false;
    return [getComputedStyle(element), getComputedStyle(element, "::after")].some(
      ({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && outlineWidth !== "0px",
    );
  });

describe("the keyboard", () => {
  test("reaches everything in the order of the page, and the focus can be seen", async () => {
    const server = await stage.serve();
    server.know([brokenSummary("images"), summaryOf("email")], {
      decisions: decisionsOf(60),
      series: burstSeries(),
    });
    const { page } = await stage.open(server.url());
    await page.locator("tbody tr").nth(1).waitFor();
    const order: string[] = [];
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press("Tab");
      order.push(await focused(page));
      expect(await showsFocus(page), `the focus on ${order.at(-1)}`).toBe(true);
    }
    expect(order).toEqual([
      "Skip to the content",
      "Millrace",
      "Colours: system",
      "Broken1",
      "At risk0",
      "Not known0",
      "Paused0",
      "Kept1",
      "Filter by name, namespace, target",
      "Order",
      "images",
      "email",
    ]);
    await page.keyboard.press("Enter");
    await page.getByText("1 to 25 of 60").waitFor();
    expect(await focused(page)).toBe("shop / email");
    const inside: string[] = [];
    for (let step = 0; step < 8; step++) {
      await page.keyboard.press("Tab");
      inside.push(await focused(page));
      expect(await showsFocus(page), `the focus on ${inside.at(-1)}`).toBe(true);
    }
    expect(inside.slice(0, 7)).toEqual([
      "10 min",
      "1 h",
      "All",
      "Charts. Arrow keys move through time.",
      "The same as a table",
      "What it rests on",
      "What it rests on",
    ]);
  });

  test("skips to the content without leaving the view", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email")], { decisions: decisionsOf(1) });
    const { page } = await stage.open(`${server.url()}/#/autoscalers/shop/email`);
    await page.getByText("1 to 1 of 1").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
    expect(page.url()).toContain("#/autoscalers/shop/email");
  });

  test("moves through the charts", async () => {
    const server = await stage.serve();
    const series = burstSeries();
    server.know([summaryOf("email")], { series });
    const { page } = await stage.open(`${server.url()}/#/autoscalers/shop/email`);
    const rate = page.locator(".legend .value").nth(3);
    await rate.getByText(/\/s/).waitFor();
    await page.locator(".chart-stack").focus();
    await page.keyboard.press("Home");
    for (let step = 0; step < 15; step++) await page.keyboard.press("Shift+ArrowRight");
    // 150 seconds after the first point the burst is under way; the charts share the cursor.
    await expect.poll(() => rate.textContent()).toMatch(/^1[56]/);
    await page.keyboard.press("Escape");
    await expect.poll(() => rate.textContent()).toMatch(/^[12]\.?\d?\/s/);
  });

  test("keeps the focus on a row that changes its place", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email"), summaryOf("images")]);
    const { page } = await stage.open(server.url(), { movableClock: true });
    await page.getByRole("link", { name: "images" }).focus();
    server.change({ changed: [brokenSummary("images")] });
    await page.getByText("Broken", { exact: true }).first().waitFor();
    await page.clock.fastForward(6_000);
    await expect.poll(() => page.locator("tbody .who a").allTextContents()).toEqual(["images", "email"]);
    expect(await focused(page)).toBe("images");
  });
});

describe("what is read aloud", () => {
  test("tells a promise that breaks, and not every figure", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email"), summaryOf("images")]);
    const { page } = await stage.open(server.url());
    await page.locator("tbody tr").nth(1).waitFor();
    for (let backlog = 100; backlog < 110; backlog++)
      server.change({ changed: [summaryOf("email", { backlog })] });
    await page.getByText("109").waitFor();
    expect(await page.locator("#announcements").textContent()).toBe("");
    server.change({ changed: [brokenSummary("images")] });
    await page.locator("#announcements").getByText("shop/images: broken.").waitFor({ state: "attached" });
  });
});

describe("the colours", () => {
  test("follow the system until a person chooses, and the choice stays", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email")], { series: burstSeries() });
    const { page } = await stage.open(`${server.url()}/#/autoscalers/shop/email`, { colorScheme: "dark" });
    const ground = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await ground()).toBe("rgb(15, 21, 24)");
    await page.getByRole("button", { name: "Colours: system" }).click();
    expect(await ground()).toBe("rgb(246, 247, 247)");
    await load(page);
    await page.getByRole("button", { name: "Colours: light" }).waitFor();
    expect(await ground()).toBe("rgb(246, 247, 247)");
  });
});

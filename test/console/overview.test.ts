import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { brokenSummary, infeasibleSummary, prometheusAway, summaryOf } from "./fixtures.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
});
afterEach(() => stage.clear());
afterAll(() => stage.end());

const names = "tbody .who a";

describe("the overview", () => {
  test("tells every promise in one line, worst first", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email"), infeasibleSummary("reports"), brokenSummary("images")]);
    const { page, problems } = await stage.open(server.url());
    await page.locator("tbody tr").first().waitFor();
    expect(await page.locator(names).allTextContents()).toEqual(["images", "reports", "email"]);
    expect(await page.locator("tbody .verdict").allTextContents()).toEqual(["Broken", "At risk", "Kept"]);
    expect(await page.locator("h1").textContent()).toBe("3\u00A0promises: 1 broken, 1 at risk, 1 kept");
    expect(await page.title()).toBe("3\u00A0promises: 1 broken, 1 at risk, 1 kept · Millrace");
    expect(await page.locator("tbody tr").first().textContent()).toContain(
      "no more than 20 replicas are allowed (spec.replicas.max).",
    );
    expect(problems).toEqual([]);
  });

  test("shows a change as it comes, not at its next tick, and in its own row only", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email"), summaryOf("images"), summaryOf("reports")]);
    const { page } = await stage.open(server.url(), { movableClock: true });
    await page.locator("tbody tr").first().waitFor();
    await stage.pause(page);
    await page.evaluate(() => {
      const touched = new Set<string>();
      Object.assign(globalThis, { touched });
      new MutationObserver((records) => {
        for (const { target } of records) {
          const around = target instanceof Element ? target : target.parentElement;
          touched.add(around?.closest("tr")?.querySelector("a")?.textContent ?? "the table");
        }
      }).observe(document.querySelector("tbody") as Element, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
      });
    });
    server.change({ changed: [summaryOf("images", { backlog: 4_321 })] });
    await page.getByText("4,321").waitFor();
    expect(
      await page.evaluate(() => [...(globalThis as unknown as { touched: Set<string> }).touched]),
    ).toEqual(["images"]);
  });

  test("takes in new autoscalers and drops removed ones", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email"), summaryOf("images")]);
    const { page } = await stage.open(server.url());
    await page.getByRole("link", { name: "email" }).waitFor();
    server.change({ changed: [brokenSummary("reports")], removed: ["shop/email"] });
    await page.getByRole("link", { name: "reports" }).waitFor();
    expect(await page.locator(names).allTextContents()).toEqual(["reports", "images"]);
  });

  test("keeps rows in their places while a hand is on them, and orders them afterwards", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email"), summaryOf("images")]);
    const { page } = await stage.open(server.url(), { movableClock: true });
    await page.getByRole("link", { name: "images" }).hover();
    server.change({ changed: [brokenSummary("images")] });
    await page.getByText("Broken", { exact: true }).first().waitFor();
    expect(await page.locator(names).allTextContents()).toEqual(["email", "images"]);
    await page.clock.fastForward(6_000);
    await expect.poll(() => page.locator(names).allTextContents()).toEqual(["images", "email"]);
  });

  test("is narrowed by text and verdict and ordered, and a link keeps that", async () => {
    const server = await stage.serve();
    server.know([
      summaryOf("email", { backlog: 5 }),
      summaryOf("invoices", { namespace: "billing", backlog: 900 }),
      brokenSummary("images"),
    ]);
    const { page } = await stage.open(server.url());
    await page.getByLabel("Order").selectOption("Most jobs waiting");
    expect(await page.locator(names).allTextContents()).toEqual(["images", "invoices", "email"]);
    await page.getByRole("button", { name: "Kept" }).click();
    expect(await page.locator(names).allTextContents()).toEqual(["invoices", "email"]);
    await page.getByRole("searchbox").fill("BILLING inv");
    expect(await page.locator(names).allTextContents()).toEqual(["invoices"]);
    expect(await page.locator(".shown").textContent()).toBe("1 of 3\u00A0autoscalers, most jobs waiting");

    await page.getByRole("link", { name: "invoices" }).click();
    await page.getByRole("link", { name: "← All autoscalers" }).click();
    expect(await page.locator(names).allTextContents()).toEqual(["invoices"]);
    const again = await stage.open(page.url());
    await again.page.locator("tbody tr").first().waitFor();
    expect(await again.page.locator(names).allTextContents()).toEqual(["invoices"]);
    expect(await again.page.getByLabel("Order").inputValue()).toBe("backlog");
  });

  test("says how to begin where no autoscaler exists", async () => {
    const server = await stage.serve();
    const { page } = await stage.open(server.url());
    await page.getByText("No autoscaler yet").waitFor();
    const sample = await readFile(new URL("../../manifests/samples/minimal.yaml", import.meta.url), "utf8");
    expect(await page.locator("pre").textContent()).toBe(sample.replace(/^#.*\n/gm, "").trimEnd());
    server.change({ changed: [summaryOf("email")] });
    await page.getByRole("link", { name: "email" }).waitFor();
    expect(await page.locator("pre").isVisible()).toBe(false);
  });

  test("tells the operator's notes, and forgets everything when it only follows", async () => {
    const server = await stage.serve();
    server.about = { role: "leader", notes: [prometheusAway()] };
    server.know([summaryOf("email")]);
    const { page } = await stage.open(server.url());
    await page
      .getByText(/^The workers' metrics have not been read in full since \d\d:\d\d:\d\d: Prometheus at /)
      .waitFor();
    const follows = "This operator follows another and knows no autoscaler. operator-2 leads: ask that one.";
    server.change({ role: "follower", notes: [follows] });
    await page.getByText(follows).waitFor();
    expect(await page.locator("tbody tr").count()).toBe(0);
    expect(await page.locator("h1").textContent()).toBe("This operator follows another");
    expect(await page.locator("pre").isVisible()).toBe(false);
  });

  test("names the zone that its times are in", async () => {
    const server = await stage.serve();
    server.about = { role: "leader", notes: [prometheusAway(Date.parse("2026-01-15T11:00:00Z"))] };
    server.know([summaryOf("email")]);
    const { page } = await stage.open(server.url(), { timezoneId: "Asia/Kolkata" });
    await page.getByText("have not been read in full since 15 Jan, 16:30:00: Prometheus at").waitFor();
    expect(await page.locator("footer").textContent()).toMatch(
      /^Millrace 0\.1\.0\. Times in Asia\/(?:Kolkata|Calcutta) \(UTC\+5:30\)\.$/,
    );
  });

  test("says in a row since when the operator has not looked", async () => {
    const server = await stage.serve();
    const lookedAt = new Date(Date.now() - 75_000).toISOString();
    server.know([summaryOf("email", { verdict: "unknown", lookedAt }), summaryOf("slow", { lookedAt })]);
    const { page } = await stage.open(server.url());
    await page.getByText(/Last looked at 1\smin [1-5]0\ss ago/).waitFor();
    // An operator with a long cycle says itself whether its look is too old.
    expect(await page.locator(".old").locator("visible=true").count()).toBe(1);
  });
});

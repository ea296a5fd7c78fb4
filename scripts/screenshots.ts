/** `npm run screenshots`: pictures of the page for README and docs. The demo's burst as it happens, and an overview of told figures. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { createRunScope, type RunScope } from "../embedded/run-scope.ts";
import { launchChromium, openTab } from "../test/console/browser.ts";
import { FixtureServer } from "../test/console/fixture-server.ts";
import { brokenSummary, infeasibleSummary, summaryOf } from "../test/console/fixtures.ts";
import { runDemo } from "../test/support/run-demo.ts";

const images = fileURLToPath(new URL("../docs/images/", import.meta.url));
const desk: BrowserContextOptions = { viewport: { width: 1280, height: 1400 }, reducedMotion: "reduce" };
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };

const take = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: join(images, `${name}.png`), animations: "disabled" });
  console.log(`docs/images/${name}.png`);
};

/** When the burst is worked off, so that its whole course is in the picture. */
const takeBurst = async (browser: Browser): Promise<void> => {
  const demo = runDemo("--seconds", "90");
  try {
    const [, url = ""] = await demo.printed(/watch it here: (\S+)/);
    const light = await openTab(browser, url, { ...desk, colorScheme: "light" });
    await light.page.getByRole("link", { name: "sleep" }).click();
    await demo.printed(/idle {2,}workers .* waiting 0 /);
    await light.page.locator(".decision:first-child", { hasText: "fewer replicas keep" }).waitFor();
    await take(light.page, "console-burst");
    const dark = await openTab(browser, light.page.url(), { ...desk, colorScheme: "dark" });
    const small = await openTab(browser, light.page.url(), { ...phone, colorScheme: "light" });
    for (const { page } of [dark, small]) await page.locator(".decision").first().waitFor();
    await take(dark.page, "console-burst-dark");
    await take(small.page, "console-burst-phone");
  } finally {
    demo.child.kill("SIGINT");
    await demo.ended;
  }
};

/** Figures made up, so that every verdict is seen at once. */
const takeOverview = async (browser: Browser, scope: RunScope): Promise<void> => {
  const server = new FixtureServer(scope);
  const unknown = "Queue jobs.exports: the broker does not answer, so its ready count is not known.";
  const {
    backlog: _backlog,
    waitSecondsP95: _wait,
    predictedWaitSeconds: _predicted,
    ...exports
  } = summaryOf("exports", {
    verdict: "unknown",
    sentence: unknown,
  });
  server.know([
    brokenSummary("images"),
    infeasibleSummary("reports", { namespace: "analytics" }),
    exports,
    summaryOf("thumbnails", {
      verdict: "paused",
      sentence: "A person paused it; the count stays at 4 until the annotation is removed.",
    }),
    summaryOf("email", { backlog: 3, arrivalsPerSecond: 12.4 }),
    summaryOf("invoices", { namespace: "billing", backlog: 0, arrivalsPerSecond: 0.02 }),
    summaryOf("webhooks", { mode: "DryRun", namespace: "billing" }),
  ]);
  await server.start();
  try {
    const { page } = await openTab(browser, server.url(), {
      viewport: { width: 1280, height: 760 },
      colorScheme: "light",
    });
    await page.locator("tbody tr").nth(6).waitFor();
    await take(page, "console-overview");
  } finally {
    await server.stop();
  }
};

const scope = await createRunScope();
try {
  await mkdir(images, { recursive: true });
  const browser = await launchChromium(scope);
  await takeOverview(browser, scope);
  await takeBurst(browser);
  await browser.close();
} finally {
  await scope.stop();
}

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { burstSeries, decisionsOf, summaryOf } from "./fixtures.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
});
afterEach(() => stage.clear());
afterAll(() => stage.end());

describe("the connection", () => {
  test("says since when the data is old while the operator is away, and goes on by itself when it is back", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email", { backlog: 12 })]);
    const { page } = await stage.open(server.url());
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await page.locator(".connection").isVisible()).toBe(false);

    await server.stop();
    await page.getByText(/^Data since \d\d:\d\d:\d\d is old: \d+\sm?s/).waitFor();
    await page.getByText("Not connected").waitFor();
    expect(await page.locator(".connection").textContent()).toContain("The operator cannot be reached.");
    expect(await page.locator("tbody tr").count()).toBe(1);

    server.know([summaryOf("email", { backlog: 345 })]);
    await server.start();
    await page.getByText("345").waitFor({ timeout: 15_000 });
    await page.locator(".connection").waitFor({ state: "hidden" });
    await page.getByText("Live", { exact: true }).waitFor();
  });

  test("asks again at once when a person says so", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email", { backlog: 12 })]);
    const { page } = await stage.open(server.url(), { movableClock: true });
    await page.getByText("Live", { exact: true }).waitFor();
    await server.stop();
    await page.getByText(/^Data since/).waitFor();
    await stage.pause(page, 10_000); // it would never ask by itself
    await page.getByText(/Asking again in \d/).waitFor();
    server.know([summaryOf("email", { backlog: 345 })]);
    await server.start();
    await page.getByRole("button", { name: "Try now" }).click();
    await page.getByText("345").waitFor();
  });

  test("notices a stream that fell silent without ending", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email")]);
    const { page } = await stage.open(server.url(), { movableClock: true });
    await page.getByText("Live", { exact: true }).waitFor();
    server.fallSilent();
    await stage.pause(page, 8_500); // old after 8 s, given up after 12
    await page.getByText(/^Data since \d\d:\d\d:\d\d is old: \d+\s/).waitFor();
    expect(await page.locator("#state").textContent()).toBe("Live");
    server.know([summaryOf("email", { backlog: 345 })]);
    await page.clock.fastForward(4_000);
    await page.getByText("Nothing has come for a while.").waitFor();
    await page.clock.resume();
    // It asks again, and is told everything anew.
    await page.getByText("345").waitFor();
  });

  test("tells in the server's words why it is refused", async () => {
    const server = await stage.serve();
    server.refusal = {
      status: 503,
      code: "operator-not-configured",
      title: "This gateway was not told of an operator.",
      detail: "Start it with --operator-url.",
      retryAfterSeconds: 40,
    };
    const { page } = await stage.open(server.url(), { movableClock: true });
    await page
      .getByText(
        "There is no data yet. This gateway was not told of an operator. Start it with --operator-url.",
      )
      .waitFor();
    await page.getByText(/Asking again in (?:3[5-9]|40)\s/).waitFor();
    server.refusal = undefined;
    await page.clock.fastForward(41_000);
    await page.getByText("No autoscaler yet").waitFor();
  });

  test("fills what an open autoscaler missed meanwhile", async () => {
    const server = await stage.serve();
    const earlier = burstSeries(Math.floor(Date.now() / 1_000) - 60, 100);
    server.know([summaryOf("email")], { decisions: decisionsOf(3), series: earlier });
    const { page } = await stage.open(`${server.url()}/#/autoscalers/shop/email`);
    await page.getByText("1 to 3 of 3").waitFor();
    await server.stop();
    await page.getByText(/^Data since/).waitFor();
    server.know([summaryOf("email")], { decisions: decisionsOf(5), series: burstSeries() });
    await server.start();
    await page.getByText("1 to 5 of 5").waitFor({ timeout: 15_000 });
    // Of 100 points every third is in the table, of 600 every fifteenth.
    await page.getByText("The same as a table").click();
    await expect.poll(() => page.locator(".figures tbody tr").count()).toBe(40);
  });

  test("fills it although another question was under way when the stream came back", async () => {
    const server = await stage.serve();
    const earlier = burstSeries(Math.floor(Date.now() / 1_000) - 60, 100);
    server.know([summaryOf("email")], { decisions: decisionsOf(3), series: earlier });
    const { page } = await stage.open(`${server.url()}/#/autoscalers/shop/email`);
    await page.getByText("1 to 3 of 3").waitFor();
    const release = server.holdDetails();
    // The usual question, without the series.
    await page.waitForRequest((request) => request.url().includes("series=none"));
    server.know([summaryOf("email")], { decisions: decisionsOf(5), series: burstSeries() });
    server.cutStreams();
    await page.waitForRequest((request) => request.url().endsWith("/console/stream"));
    await page.getByText("Live", { exact: true }).waitFor();
    const askedAgain = page.waitForResponse((response) => /limit=\d+$/.test(response.url()));
    release();
    await askedAgain;
    await page.getByText("1 to 5 of 5").waitFor();
    await page.getByText("The same as a table").click();
    expect(await page.locator(".figures tbody tr").count()).toBe(40);
  });
});

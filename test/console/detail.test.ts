import type { Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  brokenSummary,
  burstSeries,
  decisionOf,
  decisionsOf,
  infeasibleSummary,
  prometheusAway,
  summaryOf,
} from "./fixtures.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
});
afterEach(() => stage.clear());
afterAll(() => stage.end());

/** What is read there, units apart from their figures as usual. */
const plain = async (place: Locator): Promise<string> =>
  ((await place.textContent()) ?? "").replaceAll("\u00A0", " ");
const detailUrl = (base: string, name: string): string => `${base}/#/autoscalers/shop/${name}`;

describe("one autoscaler", () => {
  test("shows promise, figures, charts, decisions and what would change them", async () => {
    const server = await stage.serve();
    server.know([brokenSummary("images")], { decisions: decisionsOf(7), series: burstSeries() });
    const { page, problems } = await stage.open(detailUrl(server.url(), "images"));
    await page.getByText("1 to 7 of 7, newest first").waitFor();
    expect(await page.locator("h1").textContent()).toBe("shop / images");
    expect(await page.locator(".lead").textContent()).toContain("(spec.replicas.max).");
    expect(await page.locator(".outlook li").allTextContents()).toEqual([
      "ObjectiveMet: 81.4\u00A0% of the jobs started within 30\u00A0s; 95\u00A0% are promised.",
      "A higher spec.replicas.max than 20.",
    ]);
    expect(await page.locator(".now").textContent()).toContain("recommended 34");
    expect(await page.locator(".chart h3").allTextContents()).toEqual([
      "Wait",
      "Jobs waiting",
      "Arrival rate",
      "Replicas",
    ]);
    expect(await page.locator(".queue-list").textContent()).toMatch(/4,310 ready, 4 unacked, 4\sconsumers/);
    expect(await page.title()).toBe("Broken: images · Millrace");
    expect(problems).toEqual([]);
  });

  test("draws what the series says: the charts are not empty", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email")], { series: burstSeries() });
    const { page } = await stage.open(detailUrl(server.url(), "email"));
    await page.locator(".chart canvas").first().waitFor();
    /** Pixels of each chart in the colour of its line. */
    const painted = (): Promise<number[]> =>
      page.locator(".chart canvas").evaluateAll((canvases) => {
        const colours = ["--chart-wait", "--chart-backlog", "--chart-arrivals", "--chart-ready"];
        return canvases.map((canvas, at) => {
          const colour = getComputedStyle(document.documentElement).getPropertyValue(colours[at] ?? "");
          const wanted = [...colour.matchAll(/\d+/g)].map(([digits]) => Number(digits));
          const { width, height } = canvas as HTMLCanvasElement;
          const { data = [] } =
            (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? {};
          let count = 0;
          for (let at = 0; at < data.length; at += 4) {
            if (wanted.every((part, offset) => Math.abs((data[at + offset] ?? 0) - part) < 3)) count++;
          }
          return count;
        });
      });
    await expect.poll(async () => Math.min(...(await painted()))).toBeGreaterThan(200);
    expect(await painted()).toHaveLength(4);
  });

  test("goes on by the stream: figures and the last point", async () => {
    const server = await stage.serve();
    const series = burstSeries();
    server.know([summaryOf("email")], { series });
    const { page } = await stage.open(detailUrl(server.url(), "email"));
    await page.locator(".legend .value").nth(2).getByText("2", { exact: true }).waitFor();
    const point = {
      time: (series.times.at(-1) ?? 0) + 2,
      backlog: 777,
      arrivalsPerSecond: 9,
      desired: 5,
      ready: 4,
      waitSeconds: 3,
      objectiveSeconds: 5,
    };
    server.change({ changed: [summaryOf("email", { backlog: 777, point })] });
    await page.locator(".now").getByText("777").waitFor();
    await page.locator(".legend .value").nth(2).getByText("777").waitFor();
  });

  test("adds a decision as soon as it is made, and leaves an open disclosure open", async () => {
    const server = await stage.serve();
    const decisions = decisionsOf(3, Date.now() - 60_000);
    server.know([summaryOf("email")], { decisions });
    const { page } = await stage.open(detailUrl(server.url(), "email"));
    await page.locator(".decision summary").first().click();
    await page.getByText("service time, mean").waitFor();
    expect(await page.locator(".parts").first().textContent()).toContain("offered load, erlangs8.3");

    const made = decisionOf(4, Date.now(), {
      kind: "scale",
      from: 4,
      to: 9,
      explanation: "From 4 to 9, as waiting jobs would start too late.",
    });
    server.tell("shop/email", { decisions: [made, ...decisions] });
    const { time, from, to, reason, explanation } = made;
    server.change({
      changed: [summaryOf("email", { lastDecision: { time, from, to, reason, explanation } })],
    });
    await page.getByText("From 4 to 9, as waiting jobs would start too late.").waitFor();
    expect(await page.locator(".decision").count()).toBe(4);
    expect(await page.getByText("service time, mean").isVisible()).toBe(true);
  });

  test("adds a decision that was made while an answer of before was under way", async () => {
    const server = await stage.serve();
    const decisions = decisionsOf(3, Date.now() - 60_000);
    server.know([summaryOf("email")], { decisions, series: burstSeries() });
    const { page } = await stage.open(detailUrl(server.url(), "email"), { movableClock: true });
    await page.getByText("1 to 3 of 3").waitFor();
    const release = server.holdDetails();
    // The usual question; from here on the page asks again only because it is told of a decision.
    await page.waitForRequest((request) => request.url().includes("series=none"));
    await stage.pause(page);
    const made = decisionOf(4, Date.now());
    server.tell("shop/email", { decisions: [made, ...decisions] });
    server.change({ changed: [summaryOf("email", { backlog: 777, lastDecision: made })] });
    await page.locator(".now").getByText("777").waitFor();
    release();
    await page.getByText("1 to 4 of 4").waitFor();
  });

  test("says how many warm replicas an infeasible promise needs, and a note of the operator only once", async () => {
    const server = await stage.serve();
    const shared = prometheusAway();
    server.about = { role: "leader", notes: [shared] };
    server.know([infeasibleSummary("reports")], { notes: [shared, "This one only."] });
    const { page } = await stage.open(detailUrl(server.url(), "reports"));
    const notices = page.locator(".notices");
    await page.getByText("This one only.").waitFor();
    expect(await plain(page.locator(".lead"))).toBe(
      "A start-up takes 42.0 s, the promise is 5 s, and 40 % of the jobs started late. Warm replicas needed: 3.",
    );
    const advice =
      "Reacting alone cannot keep the promise: set spec.replicas.min to 3 (it is 0), or promise a longer wait.";
    expect(await plain(notices.locator("p").first())).toBe(`3 warm replicas needed ${advice}`);
    expect(await page.getByText("The workers' metrics have not been read in full since").count()).toBe(1);
    // Once the promise is broken, the first sentence says that, and the cause stands with the advice.
    server.change({ changed: [infeasibleSummary("reports", { attainmentRatio: 0.6 })] });
    await page.getByText("Broken", { exact: true }).first().waitFor();
    expect(await plain(notices.locator("p").first())).toBe(
      `3 warm replicas needed A start-up takes 42.0 s, the promise is 5 s, and 40 % of the jobs started late. ${advice}`,
    );
  });

  test("says what came to nothing, and why", async () => {
    const server = await stage.serve();
    const problem = "the API server refused it: deployments.apps is forbidden";
    server.know([summaryOf("email")], {
      decisions: [decisionOf(1, Date.now(), { outcome: "failed", problem, limitedBy: ["capacity"] })],
    });
    const { page } = await stage.open(detailUrl(server.url(), "email"));
    await page.getByText(`Not done: ${problem}.`).waitFor();
    await page.locator(".decision summary").click();
    await page.getByText("Replicas that were asked for do not come, so more are not asked for.").waitFor();
  });

  test("tells queues of one name apart by their vhost, whatever slashes are in them", async () => {
    const server = await stage.serve();
    const broker = { ageSeconds: 0, epoch: "1", ready: 0 };
    server.know([summaryOf("email")], {
      signals: [
        { id: "main///b", queue: { broker: "main", vhost: "/", name: "b" }, broker },
        { id: "main///a/b", queue: { broker: "main", vhost: "/", name: "a/b" }, broker },
        { id: "main/a/b", queue: { broker: "main", vhost: "a", name: "b" }, broker },
        { id: "main/a/^x/b" },
      ],
    });
    const { page } = await stage.open(detailUrl(server.url(), "email"));
    const queues = page.locator(".queue-list li");
    await queues.nth(3).waitFor();
    expect(await queues.locator("h3").allTextContents()).toEqual(["b", "a/b", "b", "main/a/^x/b"]);
    const vhosts = await queues.getByText(/^In vhost/).allTextContents();
    expect([vhosts, await queues.nth(2).textContent()]).toEqual([
      ["In vhost a."],
      expect.stringMatching(/^bIn vhost a\.Broker: 0 ready/),
    ]);
  });

  test("tells an old decision with the bounds of its time", async () => {
    const server = await stage.serve();
    const limitedBy = ["max"] as const;
    server.know([brokenSummary("images")], {
      decisions: [
        decisionOf(2, Date.now(), { limitedBy, bounds: { min: 0, max: 7 } }),
        decisionOf(1, Date.now() - 10_000, { limitedBy }),
      ],
    });
    const { page } = await stage.open(detailUrl(server.url(), "images"));
    await page.locator(".decision summary").first().click();
    await page.locator(".decision summary").last().click();
    const limits = page.locator(".decision .part").filter({ hasText: "Limits" });
    await limits.last().waitFor();
    expect(await plain(limits.first())).toContain(
      "No more than 7 replicas were allowed (spec.replicas.max).",
    );
    expect(await plain(limits.last())).toContain("No more replicas were allowed (spec.replicas.max).");
  });

  test("tolerates a limit and a reason of a newer operator", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email")], {
      decisions: [decisionOf(1, Date.now(), { limitedBy: ["moon-phase" as never], reason: "tide" as never })],
    });
    const { page, problems } = await stage.open(detailUrl(server.url(), "email"));
    await page.locator(".decision summary").click();
    await page.getByText("moon-phase, a limit that this page does not know yet.").waitFor();
    expect(problems).toEqual([]);
  });

  test("says when its look is old, and when it was removed", async () => {
    const server = await stage.serve();
    const lookedAt = new Date(Date.now() - 95_000).toISOString();
    server.know([summaryOf("email", { verdict: "unknown", lookedAt })]);
    const { page } = await stage.open(detailUrl(server.url(), "email"));
    await page.getByText(/The operator last looked at \d\d:\d\d:\d\d, 1\smin [3-5]0\ss ago\./).waitFor();
    server.change({ removed: ["shop/email"] });
    await page.getByText("The operator no longer has this autoscaler.").waitFor();
  });

  test("says so where no autoscaler has the name, and where an address leads nowhere", async () => {
    const server = await stage.serve();
    server.know([summaryOf("email")]);
    const { page } = await stage.open(detailUrl(server.url(), "nobody"));
    await page.getByText("No autoscaler is named shop/nobody.").waitFor();
    await page.goto(`${server.url()}/#/elsewhere/%E0%A4%A`);
    await page.getByText("Nothing is at #/elsewhere/%E0%A4%A").waitFor();
    await page.getByRole("link", { name: "email" }).waitFor();
  });
});

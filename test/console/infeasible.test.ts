import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { viewOf } from "../../src/operator/autoscaler-view.ts";
import { explanationOf } from "../../src/operator/explanation.ts";
import { ServedPage } from "../fakes/served-page.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
});
afterEach(() => stage.clear());
afterAll(() => stage.end());

const advice =
  "Reacting alone cannot keep the promise: set spec.replicas.min to 3 (it is 0) and spec.replicas.max to at least 3 (it is 2), or promise a longer wait.";

/** An operator whose workers start for 42 s, where 5 s are promised, after a burst of 40 s. */
async function served(): Promise<{ readonly served: ServedPage; readonly page: Page }> {
  const served = new ServedPage({ startupSeconds: 42, spec: { replicas: { min: 0, max: 2 } } });
  const url = await served.start();
  onTestFinished(() => served.server.close());
  for (let jobs = 0; jobs < 160; jobs += 8) {
    served.scenario.world.publish(8);
    await served.scenario.walk(2);
  }
  await served.scenario.walk(120);
  const { page } = await stage.open(`${url}/#/autoscalers/default/images`);
  await page.locator(".decision").first().waitFor();
  return { served, page };
}

const textsOf = async (page: Page, place: string): Promise<readonly string[]> =>
  (await page.locator(place).allTextContents())
    .map((text) => text.replaceAll("\u00A0", " "))
    .filter((text) => text !== "");

describe("a promise that a real operator finds infeasible", () => {
  test("is told with its cause and with the bounds to move, the same on the page and in the explanation", async () => {
    const { served: of, page } = await served();
    const cause = /^A start-up takes 42\.0 s, the promise is 5 s, and \d+ % of the jobs started late\. /;
    const [lead = ""] = await textsOf(page, ".lead");
    const [notice = ""] = await textsOf(page, ".notice");
    const [condition = ""] = (await textsOf(page, ".conditions p")).filter((text) => cause.test(text));
    expect(lead).toMatch(cause);
    expect(lead.replace(cause, "")).toBe("Warm replicas needed: 3.");
    expect(notice).toBe(`3 warm replicas needed ${advice}`);
    expect(condition.replace(cause, "")).toBe(advice);
    expect(await textsOf(page, ".outlook li")).toContain(`ObjectiveFeasible: ${condition}`);
    const [autoscaler] = of.scenario.operator.autoscalers;
    const text = autoscaler && explanationOf(viewOf(autoscaler), { last: 1, nowMs: of.scenario.clock.nowMs });
    expect(text).toContain(`  ObjectiveFeasible: ${condition}`);
  });

  test("and everything else there is said in sentences", async () => {
    const { page } = await served();
    const texts = await Promise.all(
      [".lead", ".notice", ".conditions p", ".outlook li", ".why > p"].map((place) => textsOf(page, place)),
    );
    expect(texts.every((found) => found.length > 0)).toBe(true);
    expect(texts.flat().filter((text) => !/^[A-Z\d].*[^.]\.$/.test(text))).toEqual([]);
    expect(texts.flat().filter((text) => /\. [a-z]|[,;:]\.|\s[.,;:]/.test(text))).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import { leftBehind } from "../support/left-behind.ts";
import { placeOf, runDemo, summaryOf } from "../support/run-demo.ts";

const minutes = 60_000;

describe("the demo", () => {
  test("gives its account after Ctrl-C, and leaves nothing running", { timeout: 4 * minutes }, async () => {
    const demo = runDemo("--seconds", "60", "--json");
    const place = await placeOf(demo);
    await demo.printed(/0 → \d/);
    demo.child.kill("SIGINT");
    expect(await demo.ended, demo.output()).toBe(0);
    expect(summaryOf(demo)).toMatchObject({ lost: 0 });
    expect(leftBehind(place)).toEqual({ listening: [], processes: [], folder: false });
  });

  test("leaves nothing running when it is killed in the middle", { timeout: 4 * minutes }, async () => {
    const demo = runDemo("--seconds", "60");
    const place = await placeOf(demo);
    await demo.printed(/0 → \d/);
    expect(leftBehind(place).listening.length).toBeGreaterThan(5);
    demo.child.kill("SIGKILL");
    await demo.ended;
    // The watchdog and the workers' keeper end on their own; there is no event of theirs that this process could await.
    await expect
      .poll(() => leftBehind(place), { timeout: 45_000, interval: 200 })
      .toEqual({ listening: [], processes: [], folder: false });
  });

  test("names every wrong flag and exits with 2", async () => {
    const demo = runDemo("--seconds", "5", "--no-fast-path");
    expect(await demo.ended).toBe(2);
    expect(demo.output()).toContain("--seconds: expected 30 to 3600, got 5");
    expect(demo.output()).toContain("--no-fast-path: needs --min 1 or more");
  });
});

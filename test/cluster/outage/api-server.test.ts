import { setTimeout as delay } from "node:timers/promises";
import { describe, expect } from "vitest";
import { killApiServer } from "../support/api-server.ts";
import { jobQueue, test } from "../support/scene.ts";

const outageMs = 60_000;

describe("the API server is away for a minute", () => {
  test("under load: nothing is done from old news, what came meanwhile is answered, and no job is interrupted", async ({
    scene,
  }) => {
    const replicas = await scene.deploy({ serviceMs: 1_000 });
    await scene.autoscale({
      objective: { waitSeconds: 10 },
      expectedServiceSeconds: 1,
      replicas: { min: 1, max: 30 },
    });
    const load = new AbortController();
    const publishing = scene.publisher.publish(jobQueue, 10_000, { everyMs: 250, signal: load.signal });
    await replicas.becomes((count) => count >= 4, "at least 4", 30_000);
    await scene.untilPodsAsWanted(replicas, 120_000);
    const startAgain = await killApiServer(scene.client);
    const steady = replicas.now();
    try {
      await delay(outageMs);
      // More than they do until the operator must have seen the API server again.
      await scene.publisher.publish(jobQueue, 1_500);
    } finally {
      await startAgain();
    }
    const backAtMs = Date.now();
    const grownAtMs = await replicas.becomes((count) => count > steady, `more than ${steady}`, 60_000);
    expect(grownAtMs - backAtMs, "ms from the API server's return to the patch").toBeLessThan(45_000);
    expect(
      replicas.changes.filter(({ atMs, to, from }) => atMs < grownAtMs && atMs > backAtMs && to < from),
      "scale-in from old news",
    ).toEqual([]);
    load.abort();
    await publishing;
    await scene.records.allDone(scene.publisher.ids, 300_000);
    // Thirty pods at once start slowly here: where that takes longer than the promise, the hold is up to two minutes.
    await replicas.reaches(1, 180_000);
    const { lost, duplicated, interrupted } = scene.records.account(scene.publisher.ids);
    expect({ lost, duplicated, interrupted }).toEqual({ lost: [], duplicated: [], interrupted: [] });
  });
});

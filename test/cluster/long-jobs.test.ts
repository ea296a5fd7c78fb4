import { describe, expect } from "vitest";
import { runWaves, type WorkerKind } from "./support/long-job-waves.ts";
import { test } from "./support/scene.ts";

const timeout = 10 * 60_000;
/** Of three kinds, 204 removals. */
const waves = { size: 17, count: 4 };

/**
 * `busyRatio`: of the removed, those with a job in hand, at most. Draining saves their jobs; a scaler that takes any replica
 * would need it for most. Two jobs at a time spread over more replicas than the load needs, and so busy ones may go too, as
 * their jobs are shorter than their grace.
 */
const draining: readonly (WorkerKind & { readonly busyRatio: number })[] = [
  { title: "one job at a time", workers: {}, busyRatio: 0.2 },
  { title: "two jobs at a time", workers: { prefetch: 2 }, busyRatio: 0.5 },
  {
    title: "a StatefulSet, which chooses by itself who goes",
    workers: { kind: "StatefulSet" },
    busyRatio: 0.2,
  },
];

describe.concurrent("scale-in during long jobs of foreign consumers that drain", { timeout }, () => {
  test.for(draining)("interrupts none: $title", async ({ workers, busyRatio }, { scene, annotate }) => {
    const removed = await runWaves(scene, { workers, ...waves });
    const { drains } = scene.records;
    const busy = drains.filter((one) => one.busy > 0).length;
    await annotate(`${removed} removed, ${busy} of ${drains.length} with a job in hand`);
    expect(removed).toBeGreaterThanOrEqual(waves.size * waves.count);
    const { lost, duplicated, interrupted } = scene.records.account(scene.publisher.ids);
    expect({ lost, duplicated, interrupted }).toEqual({ lost: [], duplicated: [], interrupted: [] });
    expect(drains.length, "removed replicas that told what they had in hand").toBeGreaterThanOrEqual(
      waves.size,
    );
    expect(busy / drains.length).toBeLessThanOrEqual(busyRatio);
  });
});

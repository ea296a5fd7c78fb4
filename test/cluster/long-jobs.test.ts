import { describe, expect } from "vitest";
import { runWaves, type WorkerKind } from "./support/long-job-waves.ts";
import { test } from "./support/scene.ts";

const timeout = 10 * 60_000;
/** Of three kinds, 204 removals. */
const waves = { size: 17, count: 4 };

/** Of the removed, those with a job in hand: saved by draining, where a scaler that takes any replica would need it for most. */
const busyRatio = 0.1;

const draining: readonly WorkerKind[] = [
  { title: "one job at a time", workers: {} },
  { title: "two jobs at a time", workers: { prefetch: 2 } },
  { title: "a StatefulSet, which chooses by itself who goes", workers: { kind: "StatefulSet" } },
];

describe.concurrent("scale-in during long jobs of foreign consumers that drain", { timeout }, () => {
  test.for(draining)("interrupts none: $title", async ({ workers }, { scene, annotate }) => {
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

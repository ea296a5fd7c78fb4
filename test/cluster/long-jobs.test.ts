import { describe, expect } from "vitest";
import type { ForeignWorkerOptions } from "./support/foreign-workers.ts";
import { jobQueue, type Scene, test } from "./support/scene.ts";

/**
 * Scale-in in the middle of long jobs, as a scaler that takes any replica would interrupt them. Each wave brings one job
 * for each replica, from 3 s to 20 s long and shuffled, so that replicas fall idle one by one beside busy ones.
 */
const waveSize = 15;
/** Three kinds together make 200. */
const removalsOfEach = 67;
const carelessRemovals = 30;
/** A busy machine takes its time to start pods. */
const waveMs = 180_000;
const longestMs = 20_000;
const shortestMs = 3_000;

const lengthOf = (index: number): number =>
  shortestMs + (((index * 7) % waveSize) / (waveSize - 1)) * (longestMs - shortestMs);

type Kind = { readonly title: string; readonly workers: Partial<ForeignWorkerOptions> };

const draining: readonly Kind[] = [
  { title: "one job at a time", workers: {} },
  { title: "two jobs at a time", workers: { prefetch: 2 } },
  { title: "a StatefulSet, which chooses by itself who goes", workers: { kind: "StatefulSet" } },
];

/** What a scaler that takes any replica would interrupt in most removals. */
const careless: readonly Kind[] = [
  { title: "jobs dropped at SIGTERM", workers: { exitsAtOnce: true } },
  { title: "a grace shorter than the jobs", workers: { graceSeconds: 5 } },
];
/**
 * The broker tells what a consumer holds 5 s late, and a ReplicaSet removes a pod that is not Ready yet before any other,
 * also in the second in which it takes its first job: 2 and 3 of some 110 removals each were seen.
 */
const carelessInterruptedRatio = 0.1;

const runWaves = async (
  scene: Scene,
  workers: Partial<ForeignWorkerOptions>,
  removals: number,
): Promise<number> => {
  const replicas = await scene.deploy(workers);
  const { prefetch = 1, kind = "Deployment" } = workers;
  await scene.autoscale({
    scaleTargetRef: { kind, name: "worker" },
    objective: { waitSeconds: 5 },
    expectedServiceSeconds: 10,
    slotsPerReplica: prefetch,
    replicas: { max: waveSize },
    scaleIn: { holdSeconds: 6 }, // short, so that much is taken away while jobs run
  });
  while (replicas.removed() < removals) {
    const { ids } = await scene.publisher.publish(jobQueue, waveSize * prefetch, {
      body: (index) => ({ ms: lengthOf(index) }),
    });
    await scene.records.allDone(ids, waveMs);
    // A job that comes between the choice of a victim and its SIGTERM is saved by draining only, which two kinds lack.
    await replicas.reaches(0, waveMs);
    await scene.untilPods(0, waveMs);
  }
  return replicas.removed();
};

describe("scale-in during long jobs of foreign consumers", () => {
  const removals: number[] = [];

  describe.concurrent("that drain", () => {
    test.for(draining)("interrupts none: $title", async ({ workers }, { scene, annotate }) => {
      const removed = await runWaves(scene, workers, removalsOfEach);
      removals.push(removed);
      await annotate(`${removed} removed`);
      const { lost, duplicated, interrupted } = scene.records.account(scene.publisher.ids);
      expect({ lost, duplicated, interrupted }).toEqual({ lost: [], duplicated: [], interrupted: [] });
    });
  });

  test("and that was seen on at least 200 removals", () => {
    expect(removals.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(200);
  });

  describe.concurrent("that cannot drain", () => {
    test.for(careless)("takes the idle first: $title", async ({ workers }, { scene, annotate }) => {
      const removed = await runWaves(scene, workers, carelessRemovals);
      const { lost, interrupted } = scene.records.account(scene.publisher.ids);
      await annotate(`${interrupted.length} jobs interrupted in ${removed} removals`);
      expect(lost).toEqual([]);
      expect(interrupted.length / removed).toBeLessThanOrEqual(carelessInterruptedRatio);
    });
  });
});

import { eventually } from "./eventually.ts";
import type { ForeignWorkerOptions } from "./foreign-workers.ts";
import { jobQueue, type Scene } from "./scene.ts";

export type WorkerKind = { readonly title: string; readonly workers: Partial<ForeignWorkerOptions> };

export type Waves = {
  readonly workers: Partial<ForeignWorkerOptions>;
  /** Replicas of a wave. */
  readonly size: number;
  /** Waves. */
  readonly count: number;
};

/** A busy machine takes its time to start pods. */
const waveMs = 180_000;
const longestMs = 20_000;
const shortestMs = 3_000;

const lengthOf = (index: number, size: number): number =>
  shortestMs + (((index * 7) % size) / (size - 1)) * (longestMs - shortestMs);

/**
 * Scale-in in the middle of long jobs, as a scaler that takes any replica would interrupt them. For each wave a person
 * sets the count, each slot gets a job of 3 s to 20 s, shuffled, and the autoscaler is left to itself: replicas fall idle
 * one by one beside busy ones. Answers with how many replicas were taken away.
 */
export const runWaves = async (scene: Scene, { workers, size, count }: Waves): Promise<number> => {
  const replicas = await scene.deploy(workers);
  const { prefetch = 1, kind = "Deployment" } = workers;
  const jobs = size * prefetch;
  await scene.autoscale({
    scaleTargetRef: { kind, name: "worker" },
    objective: { waitSeconds: 60 },
    expectedServiceSeconds: 10,
    slotsPerReplica: prefetch,
    replicas: { max: size },
    scaleIn: { holdSeconds: 6 }, // short, so that much is taken away while jobs run
  });
  for (let wave = 0; wave < count; wave++) {
    await scene.annotate({ "paused-replicas": String(size) });
    await eventually(
      "a consumer in each replica",
      () => scene.publisher.consumers(jobQueue),
      (consumers) => consumers === size,
      { withinMs: waveMs },
    );
    const { ids } = await scene.publisher.publish(jobQueue, jobs, {
      body: (index) => ({ ms: lengthOf(index, jobs) }),
    });
    await scene.records.allStarted(ids, waveMs);
    await scene.annotate({ "paused-replicas": null });
    await scene.records.allDone(ids, waveMs);
    await replicas.reaches(0, waveMs);
    // A job that comes between the choice of a victim and its SIGTERM is saved by draining only, which two kinds lack.
    await scene.untilPods(0, waveMs);
  }
  return replicas.removed();
};

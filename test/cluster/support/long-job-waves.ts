import type { ForeignWorkerOptions } from "./foreign-workers.ts";
import { jobQueue, type Scene } from "./scene.ts";

export type WorkerKind = { readonly title: string; readonly workers: Partial<ForeignWorkerOptions> };

export type Waves = {
  readonly workers: Partial<ForeignWorkerOptions>;
  /** Replicas at the top of each wave. */
  readonly size: number;
  /** Waves come until so many replicas were taken away. */
  readonly removals: number;
};

/** A busy machine takes its time to start pods. */
const waveMs = 180_000;
const longestMs = 20_000;
const shortestMs = 3_000;

const lengthOf = (index: number, size: number): number =>
  shortestMs + (((index * 7) % size) / (size - 1)) * (longestMs - shortestMs);

/**
 * Scale-in in the middle of long jobs, as a scaler that takes any replica would interrupt them. Each wave brings one job
 * for each slot, from 3 s to 20 s long and shuffled, so that replicas fall idle one by one beside busy ones.
 * Answers with how many replicas were taken away.
 */
export const runWaves = async (scene: Scene, { workers, size, removals }: Waves): Promise<number> => {
  const replicas = await scene.deploy(workers);
  const { prefetch = 1, kind = "Deployment" } = workers;
  await scene.autoscale({
    scaleTargetRef: { kind, name: "worker" },
    objective: { waitSeconds: 5 },
    expectedServiceSeconds: 10,
    slotsPerReplica: prefetch,
    replicas: { max: size },
    scaleIn: { holdSeconds: 6 }, // short, so that much is taken away while jobs run
  });
  while (replicas.removed() < removals) {
    const { ids } = await scene.publisher.publish(jobQueue, size * prefetch, {
      body: (index) => ({ ms: lengthOf(index, size) }),
    });
    await scene.records.allDone(ids, waveMs);
    // A job that comes between the choice of a victim and its SIGTERM is saved by draining only, which two kinds lack.
    await replicas.reaches(0, waveMs);
    await scene.untilPods(0, waveMs);
  }
  return replicas.removed();
};

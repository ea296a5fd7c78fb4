import { expect, test } from "vitest";
import type { QueueRef, WorkerSource } from "../../src/operator/ports.ts";

export type WorkerSourceUnderTest = {
  readonly source: WorkerSource;
  readonly queue: QueueRef;
  /** Two replicas with one slot each consume the queue and have never run a job. */
  bringUp(): Promise<void>;
  /** Each of them starts a job. */
  startJobs(): Promise<void>;
  /** Both jobs end, after a second. */
  finishJobs(): Promise<void>;
  /** From now on nobody can tell of the workers. */
  goAway(): Promise<void>;
  readonly close: () => Promise<void>;
};

/** What every WorkerSource does, wherever it has the figures from. */
export function describeWorkerSource(setup: () => Promise<WorkerSourceUnderTest>): void {
  const withSource = (body: (under: WorkerSourceUnderTest) => Promise<void>) => async () => {
    const under = await setup();
    try {
      await body(under);
    } finally {
      await under.close();
    }
  };
  const read = async ({ source, queue }: WorkerSourceUnderTest) => {
    const sample = (await source.read([queue], AbortSignal.timeout(5_000))).queues.get(queue.key);
    if (sample === undefined) throw new Error("the queue is not known");
    return sample;
  };

  test(
    "idle replicas report and run nothing",
    withSource(async (under) => {
      await under.bringUp();
      const { workers, attachedSlots } = await read(under);
      expect(workers).toMatchObject({ reportingReplicas: 2, running: 0 });
      expect(workers.ageSeconds).toBeLessThan(30);
      expect(attachedSlots).toBe(2);
    }),
  );

  test(
    "jobs that run are told of each replica, idle ones too",
    withSource(async (under) => {
      await under.bringUp();
      const idle = (await read(under)).runningByReplica;
      await under.startJobs();
      const busy = (await read(under)).runningByReplica;
      expect([...(idle?.values() ?? [])]).toEqual([0, 0]);
      expect([...(busy?.values() ?? [])]).toEqual([1, 1]);
      expect([...(busy?.keys() ?? [])].toSorted()).toEqual([...(idle?.keys() ?? [])].toSorted());
    }),
  );

  test(
    "totals grow by what was started and finished, within one epoch",
    withSource(async (under) => {
      await under.bringUp();
      const idle = (await read(under)).workers;
      await under.startJobs();
      const busy = (await read(under)).workers;
      await under.finishJobs();
      const done = (await read(under)).workers;
      expect([busy.started - idle.started, busy.running]).toEqual([2, 2]);
      expect([done.finished - busy.finished, done.running]).toEqual([2, 0]);
      expect(done.serviceSeconds - idle.serviceSeconds).toBeCloseTo(2);
      expect(new Set([idle.epoch, busy.epoch, done.epoch]).size).toBe(1);
    }),
  );

  test(
    "a source that cannot be reached is a problem that is told, and no figures",
    withSource(async (under) => {
      await under.bringUp();
      await under.goAway();
      const sample = await under.source.read([under.queue], AbortSignal.timeout(5_000));
      expect(sample.queues.size).toBe(0);
      expect(sample.problem).toBeTruthy();
    }),
  );
}

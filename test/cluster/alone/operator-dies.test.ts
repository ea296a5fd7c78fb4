import { describe, expect } from "vitest";
import type { WorkerAutoscalerStatus } from "../../../src/resource/worker-autoscaler-status.ts";
import { workerName } from "../support/foreign-workers.ts";
import { type OperatorProcess, operatorProcesses } from "../support/operator-pods.ts";
import type { ReplicaChange, ReplicaRecorder } from "../support/replica-recorder.ts";
import { jobQueue, type Scene, test } from "../support/scene.ts";
import { describeFirstJobs } from "./first-jobs.ts";

const outMs = 30_000;
const inMs = 180_000;

/** Of `status.history`. */
const historyLength = 10;

/** A promise that pods start fast enough for, as the hold is longer where they do not. */
const goingSoon = {
  objective: { waitSeconds: 10 },
  scaleIn: { holdSeconds: 10, toZeroAfterSeconds: 10 },
  replicas: { max: 6 },
};

/** The lease lasts 15 s from its last renewal; a follower takes it half a second ahead, with everything warm, and patches. */
const gapMs = 15_000;

const signal = ({ pid }: OperatorProcess, name: NodeJS.Signals): void => void process.kill(pid, name);
const leaderAndFollower = async (scene: Scene) => {
  const [leader, follower] = await operatorProcesses(scene.client);
  if (leader === undefined || follower === undefined) throw new Error("two operators are needed");
  return { leader, follower };
};

/** How many of `patched` are not in `told`; undefined where `told` is not a part of it in the same order. */
const untold = (patched: readonly string[], told: readonly string[]): number | undefined => {
  const left = [...told];
  for (const change of patched) if (change === left[0]) left.shift();
  return left.length > 0 ? undefined : patched.length - told.length;
};

/**
 * Each change of the count is one that the autoscaler's account has, in the same order. One that was made just before its
 * leader died may be untold.
 */
const expectOnlyDecisions = async (
  scene: Scene,
  changes: readonly ReplicaChange[],
  name: string = workerName,
): Promise<void> => {
  const patched = changes.map(({ from, to }) => `${from} -> ${to}`);
  const tellsAll = ({ history = [] }: WorkerAutoscalerStatus): boolean => {
    const made = history.filter(({ outcome }) => outcome === "scaled");
    const told = made.map(({ from, to }) => `${from} -> ${to}`);
    const kept = history.length < historyLength ? patched : patched.slice(-(told.length + 1));
    return (untold(kept, told) ?? Number.POSITIVE_INFINITY) <= 1;
  };
  await scene.untilStatus(tellsAll, `telling of ${patched.join()} and nothing else`, { name });
};

const growthAfter = (replicas: ReplicaRecorder, atMs: number): number | undefined =>
  replicas.changes.find((change) => change.atMs > atMs && change.to > change.from)?.atMs;

// In one file, as two run at a time.
describeFirstJobs();

/** One after another: they share the operators, and two of them time what nothing else may delay. */
describe("the operator dies", () => {
  test("the leader killed with a follower: no gap longer than the lease", async ({ scene, annotate }) => {
    const replicas = await scene.deploy({ serviceMs: 1_000 });
    await scene.autoscale(goingSoon);
    const { leader } = await leaderAndFollower(scene);
    signal(leader, "SIGKILL");
    const killedAtMs = Date.now();
    await scene.publisher.publish(jobQueue, 1_000);
    await replicas.becomes((count) => count > 0, "more than 0", outMs);
    const afterMs = (growthAfter(replicas, killedAtMs) ?? Number.POSITIVE_INFINITY) - killedAtMs;
    await annotate(`first patch of the next leader after ${afterMs} ms`);
    expect(afterMs, "ms from the kill to the next leader's patch").toBeLessThanOrEqual(gapMs);
    await replicas.reaches(6, outMs);
    await scene.publisher.purge(jobQueue);
    await replicas.reaches(0, inMs);
    await expectOnlyDecisions(scene, replicas.changes);
  });

  test("a leader that is frozen and comes back acts no more: one of the two decides", async ({ scene }) => {
    const replicas = await scene.deploy({ serviceMs: 1_000 });
    await scene.autoscale(goingSoon);
    const { leader } = await leaderAndFollower(scene);
    signal(leader, "SIGSTOP");
    try {
      const frozenAtMs = Date.now();
      await scene.publisher.publish(jobQueue, 60);
      await replicas.becomes((count) => count > 0, "more than 0", outMs);
      expect(
        (growthAfter(replicas, frozenAtMs) ?? Number.POSITIVE_INFINITY) - frozenAtMs,
      ).toBeLessThanOrEqual(gapMs);
    } finally {
      signal(leader, "SIGCONT");
    }
    await scene.records.allDone(scene.publisher.ids, inMs);
    await replicas.reaches(0, inMs);
    await expectOnlyDecisions(scene, replicas.changes);
  });

  test("both killed in the middle of five bursts: each count changes by decisions only, and every job is done", async ({
    scene,
  }) => {
    const names = ["one", "two", "three", "four", "five"];
    const queues = names.map((name) => `jobs.${name}`);
    await scene.publisher.declare(...queues);
    const recorders = await Promise.all(
      names.map((name, index) => scene.deploy({ name, queue: queues[index] ?? "", serviceMs: 400 })),
    );
    await Promise.all(
      names.map((name, index) =>
        scene.autoscale({ scaleTargetRef: { name }, queues: [scene.queue(queues[index])] }, { name }),
      ),
    );
    const { leader, follower } = await leaderAndFollower(scene);
    const bursts = queues.map((queue) => scene.publisher.publish(queue, 150, { everyMs: 40 }));
    await recorders[0]?.becomes((count) => count > 0, "more than 0", outMs);
    for (const operator of [leader, follower]) signal(operator, "SIGKILL");
    await Promise.all(bursts);
    await scene.records.allDone(scene.publisher.ids, 120_000);
    await Promise.all(recorders.map((replicas) => replicas.reaches(0, inMs)));
    for (const [index, { changes }] of recorders.entries())
      await expectOnlyDecisions(scene, changes, names[index]);
    const { lost, duplicated, interrupted } = scene.records.account(scene.publisher.ids);
    expect({ lost, duplicated, interrupted }).toEqual({ lost: [], duplicated: [], interrupted: [] });
  });
});

import { describe, expect } from "vitest";
import type { WorkerAutoscalerStatus } from "../../../src/resource/worker-autoscaler-status.ts";
import { workerName } from "../support/foreign-workers.ts";
import { type OperatorProcess, operatorProcesses } from "../support/operator-pods.ts";
import type { ReplicaChange, ReplicaRecorder } from "../support/replica-recorder.ts";
import { jobQueue, type Scene, test } from "../support/scene.ts";

const outMs = 30_000;
const inMs = 180_000;

/** The lease lasts 15 s from its last renewal; a follower takes it half a second ahead, with everything warm, and patches. */
const gapMs = 15_000;

/** The proofs run beside each other, but only one at a time does something to the operators that they share. */
const turns = (): (<T>(act: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const turn = last.then(act, act);
    last = turn;
    return turn;
  };
};

const signal = ({ pid }: OperatorProcess, name: NodeJS.Signals): void => void process.kill(pid, name);
const leaderAndFollower = async (scene: Scene) => {
  const [leader, follower] = await operatorProcesses(scene.client);
  if (leader === undefined || follower === undefined) throw new Error("two operators are needed");
  return { leader, follower };
};

/** Each change of the count is one that the autoscaler's account has, in the same order. */
const expectOnlyDecisions = async (
  scene: Scene,
  changes: readonly ReplicaChange[],
  name: string = workerName,
): Promise<void> => {
  const patched = changes.map(({ from, to }) => `${from} -> ${to}`);
  const tellsAll = ({ history = [] }: WorkerAutoscalerStatus): boolean => {
    const decided = history.map(({ from, to }) => `${from} -> ${to}`);
    return patched.slice(-decided.length).join() === decided.slice(-patched.length).join();
  };
  await scene.untilStatus(tellsAll, `telling of ${patched.join()} and nothing else`, { name });
};

const growthAfter = (replicas: ReplicaRecorder, atMs: number): number | undefined =>
  replicas.changes.find((change) => change.atMs > atMs && change.to > change.from)?.atMs;

describe.concurrent("the operator dies", () => {
  const inTurn = turns();

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
    await inTurn(async () => {
      const { leader, follower } = await leaderAndFollower(scene);
      const bursts = queues.map((queue) => scene.publisher.publish(queue, 150, { everyMs: 40 }));
      await recorders[0]?.becomes((count) => count > 0, "more than 0", outMs);
      for (const operator of [leader, follower]) signal(operator, "SIGKILL");
      await Promise.all(bursts);
    });
    await scene.records.allDone(scene.publisher.ids, 120_000);
    await Promise.all(recorders.map((replicas) => replicas.reaches(0, inMs)));
    for (const [index, { changes }] of recorders.entries())
      await expectOnlyDecisions(scene, changes, names[index]);
    const { lost, duplicated, interrupted } = scene.records.account(scene.publisher.ids);
    expect({ lost, duplicated, interrupted }).toEqual({ lost: [], duplicated: [], interrupted: [] });
  });

  test("the leader killed with a follower: no gap longer than the lease", async ({ scene, annotate }) => {
    const replicas = await scene.deploy({ serviceMs: 1_000 });
    await scene.autoscale({ replicas: { max: 6 } });
    const killedAtMs = await inTurn(async () => {
      const { leader } = await leaderAndFollower(scene);
      signal(leader, "SIGKILL");
      const atMs = Date.now();
      await scene.publisher.publish(jobQueue, 100);
      await replicas.becomes((count) => count > 0, "more than 0", outMs);
      return atMs;
    });
    const afterMs = (growthAfter(replicas, killedAtMs) ?? Number.POSITIVE_INFINITY) - killedAtMs;
    await annotate(`first patch of the next leader after ${afterMs} ms`);
    expect(afterMs, "ms from the kill to the next leader's patch").toBeLessThanOrEqual(gapMs);
    await replicas.reaches(6, outMs);
    await replicas.reaches(0, inMs);
    await expectOnlyDecisions(scene, replicas.changes);
  });

  test("a leader that is frozen and comes back acts no more: one of the two decides", async ({ scene }) => {
    const replicas = await scene.deploy({ serviceMs: 1_000 });
    await scene.autoscale({ replicas: { max: 6 } });
    await inTurn(async () => {
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
    });
    await scene.records.allDone(scene.publisher.ids, inMs);
    await replicas.reaches(0, inMs);
    await expectOnlyDecisions(scene, replicas.changes);
  });
});

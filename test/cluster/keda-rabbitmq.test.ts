import { describe, expect } from "vitest";
import { Publisher } from "./support/jobs.ts";
import type { ForeignWorkerOptions } from "./support/foreign-workers.ts";
import type { ReplicaRecorder } from "./support/replica-recorder.ts";
import { type AutoscalerSpec, jobQueue, type Scene, test } from "./support/scene.ts";
import { freshVhost } from "../support/fresh-vhost.ts";

/**
 * KEDA's own RabbitMQ cases, without their activation thresholds: same stimulus, same or shorter waits. The consumer has
 * no metrics of ours. R9, R10 and R12 have no equal here.
 */
type Case = {
  readonly id: string;
  readonly title: string;
  readonly spec?: (scene: Scene) => AutoscalerSpec;
  readonly workers?: Partial<ForeignWorkerOptions>;
  readonly play: (scene: Scene, replicas: ReplicaRecorder) => Promise<void>;
};

/** A promise that pods start fast enough for, as the hold is longer where they do not; and KEDA's cooldown in these cases. */
const common = { objective: { waitSeconds: 8 }, scaleIn: { holdSeconds: 10, toZeroAfterSeconds: 10 } };
const outMs = 30_000;
/** The broker's statistics must agree for the hold, and come the more rarely the more vhosts they are asked for. */
const inMs = 180_000;
/** For pods to start and work, as long as KEDA's cases wait. */
const podsMs = 180_000;

/** 300 jobs make four replicas, of which the last starts before all is done; they run all of them, and nothing is left. */
const outAndIn = async (scene: Scene, replicas: ReplicaRecorder, queue = jobQueue): Promise<void> => {
  const { ids } = await scene.publisher.publish(queue, 300);
  await replicas.reaches(4, outMs);
  await scene.untilPods(4, podsMs);
  await scene.records.allDone(ids, podsMs);
  await replicas.reaches(0, inMs);
  expect(scene.records.account(ids)).toEqual({ lost: [], duplicated: [], interrupted: [], done: 300 });
};

const refusedAt =
  (broker: string) =>
  async (scene: Scene, replicas: ReplicaRecorder): Promise<void> => {
    await scene.publisher.publish(jobQueue, 100);
    await replicas.staysFor(20_000);
    const { message } = await scene.untilCondition("SignalsFresh", "False");
    expect(message, `says what to do about ${broker}`).toMatch(/refused|credentials|user|password/i);
  };

const hellPattern = ({ vhost }: Scene): AutoscalerSpec => ({
  queues: [{ pattern: "^hell.{1}$", vhost: vhost.vhost }],
});

const cases: readonly Case[] = [
  {
    id: "R1 R4",
    title: "a queue in a vhost, out and in; three jobs bring replicas too",
    play: async (scene, replicas) => {
      await outAndIn(scene, replicas);
      // Those that are about to go would still take them.
      await scene.untilPods(0, podsMs);
      const { ids } = await scene.publisher.publish(jobQueue, 3);
      await replicas.becomes((count) => count > 0, "more than 0", outMs);
      await scene.records.allDone(ids, podsMs);
      await replicas.reaches(0, inMs);
    },
  },
  {
    id: "R2",
    title: "a wrong password changes nothing and is told",
    spec: () => ({ broker: "wrong-password" }),
    play: refusedAt("wrong-password"),
  },
  {
    id: "R5",
    title: "a wrong user changes nothing and is told",
    spec: () => ({ broker: "wrong-user" }),
    play: refusedAt("wrong-user"),
  },
  {
    id: "R3 R6",
    title: "a vhost whose name has to be escaped",
    play: async (scene, replicas) => {
      const vhost = `${scene.vhost.vhost}/a b%`;
      await scene.addVhost(vhost);
      const publisher = await Publisher.connect(scene.amqpUrl(vhost));
      await publisher.declare(jobQueue);
      const elsewhere = await scene.deploy({ name: "elsewhere", amqpUrl: scene.amqpUrl(vhost) });
      await scene.autoscale(
        { scaleTargetRef: { name: "elsewhere" }, queues: [{ name: jobQueue, vhost }] },
        { name: "elsewhere" },
      );
      await publisher.publish(jobQueue, 100);
      await elsewhere.reaches(4, outMs);
      await elsewhere.reaches(0, podsMs + inMs);
      expect(replicas.changes).toEqual([]);
      await publisher.close();
      await scene.vhost.manage("DELETE", `vhosts/${encodeURIComponent(vhost)}`);
    },
  },
  {
    id: "R7",
    title: "a pattern takes in its queue and no other",
    workers: { queue: "hello" },
    spec: hellPattern,
    play: async (scene, replicas) => {
      await scene.publisher.declare("hello", "hellogoodbye", "goodbye");
      await scene.publisher.publish("hellogoodbye", 100);
      await scene.publisher.publish("goodbye", 100);
      await outAndIn(scene, replicas, "hello");
    },
  },
  {
    id: "R8",
    title: "a pattern does not look into other vhosts",
    workers: { queue: "hello" },
    spec: hellPattern,
    play: async (scene, replicas) => {
      const other = await freshVhost();
      const publisher = await Publisher.connect(other.amqpUrl());
      await publisher.declare("hellx");
      await publisher.publish("hellx", 100);
      await replicas.staysFor(12_000);
      await scene.publisher.declare("hello");
      await outAndIn(scene, replicas, "hello");
      await publisher.close();
      await other.remove();
    },
  },
  {
    id: "R11",
    title: "three jobs a second need four replicas, until they end and the queue is purged",
    workers: { serviceMs: 2_000 },
    play: async (scene, replicas) => {
      const ending = new AbortController();
      const publishing = scene.publisher.publish(jobQueue, 1_000, { everyMs: 333, signal: ending.signal });
      await replicas.reaches(4, outMs);
      ending.abort();
      await publishing;
      await scene.publisher.purge(jobQueue);
      await replicas.reaches(0, inMs);
    },
  },
  {
    id: "amqp",
    title: "without a management API it scales out, never in, and says so",
    spec: () => ({ broker: "amqp-only" }),
    play: async (scene, replicas) => {
      const { ids } = await scene.publisher.publish(jobQueue, 100);
      await replicas.reaches(4, outMs);
      await scene.records.allDone(ids, podsMs);
      await replicas.staysFor(20_000);
      const { message } = await scene.untilCondition("ScaleInBlocked", "True");
      expect(message).toMatch(/management/);
    },
  },
];

describe.concurrent("KEDA's RabbitMQ cases", { timeout: 10 * 60_000 }, () => {
  test.for(cases)("$id: $title", async ({ spec, workers, play }, { scene }) => {
    const replicas = await scene.deploy({ serviceMs: 500, ...workers });
    await scene.autoscale({ ...common, ...spec?.(scene) });
    await play(scene, replicas);
  });
});

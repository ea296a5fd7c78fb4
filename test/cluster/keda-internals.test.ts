import { describe, expect } from "vitest";
import type { ReplicaRecorder } from "./support/replica-recorder.ts";
import { type AutoscalerSpec, jobQueue, type Scene, test } from "./support/scene.ts";

/**
 * KEDA's internal cases that have an equal here. Without one: cache_metrics, value_metric_type, idle_replicas,
 * force_activation, custom_hpa_name and cloudevent_source. Holds are watched for 20 s instead of 60 s: every period of
 * the operator (0.5 s, 2 s, the hold of 6 s) passes several times.
 */
type Case = {
  readonly id: string;
  readonly title: string;
  readonly spec?: (scene: Scene) => AutoscalerSpec;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly play: (scene: Scene, replicas: ReplicaRecorder) => Promise<void>;
};

/** A promise that pods start fast enough for, as the hold is longer where they do not; and KEDA's cooldown in these cases. */
const common = { objective: { waitSeconds: 8 }, scaleIn: { holdSeconds: 10, toZeroAfterSeconds: 10 } };
const outMs = 30_000;
const podsMs = 120_000;
/**
 * Where pods start too slowly for the promise, the hold is three start-ups, two minutes at most. The broker's statistics must
 * agree for that long, and come the more rarely the more vhosts they are asked for.
 */
const inMs = 180_000;
const holdMs = 20_000;
/** Jobs for which the most replicas are wanted, however long one takes to start. */
const plenty = 1_000;
/** Of two autoscalers of one second the name decides which is the older. */
const younger = "younger";

const drained = async (scene: Scene, replicas: ReplicaRecorder, count = 4): Promise<number> => {
  const { ids } = await scene.publisher.publish(jobQueue, 100);
  await replicas.reaches(count, outMs);
  await scene.records.allDone(ids, podsMs);
  return Date.now();
};

const cases: readonly Case[] = [
  {
    id: "polling_cooldown_so",
    title: "the last replica goes toZeroAfterSeconds after the last job, not before",
    spec: () => ({ scaleIn: { toZeroAfterSeconds: 20 } }),
    play: async (scene, replicas) => {
      const doneAtMs = await drained(scene, replicas);
      const atMs = await replicas.reaches(0, inMs);
      expect(atMs - doneAtMs).toBeGreaterThan(15_000);
    },
  },
  {
    id: "polling_cooldown_so",
    title: "fewer replicas only after holdSeconds",
    spec: () => ({ scaleIn: { holdSeconds: 20 } }),
    play: async (scene, replicas) => {
      await scene.publisher.publish(jobQueue, plenty);
      await replicas.reaches(4, outMs);
      const enoughAtMs = Date.now();
      await scene.publisher.purge(jobQueue);
      const atMs = await replicas.becomes((count) => count < 4, "fewer than 4", inMs);
      expect(atMs - enoughAtMs).toBeGreaterThan(15_000);
      await replicas.reaches(0, inMs);
    },
  },
  {
    id: "scaling_modifiers",
    title: "two queues of one target: either brings it out of zero, and both must be empty for it to go back",
    spec: (scene) => ({ queues: [scene.queue(), scene.queue("jobs.second")] }),
    play: async (scene, replicas) => {
      await scene.publisher.publish("jobs.second", 100); // which these workers do not consume
      await replicas.reaches(4, outMs);
      const { ids } = await scene.publisher.publish(jobQueue, 100);
      await scene.records.allDone(ids, podsMs);
      await replicas.staysFor(holdMs);
      await scene.publisher.purge("jobs.second");
      await replicas.reaches(0, inMs);
    },
  },
  {
    id: "pause_scaledobject",
    title: "paused: the count stays, whatever comes; then it follows",
    annotations: { "millrace.dev/paused": "true" },
    play: async (scene, replicas) => {
      const { ids } = await scene.publisher.publish(jobQueue, 100);
      await scene.untilCondition("Paused", "True");
      await replicas.staysFor(holdMs);
      await scene.annotate({ paused: null });
      await replicas.reaches(4, outMs);
      await scene.records.allDone(ids, podsMs);
      await replicas.reaches(0, inMs);
    },
  },
  {
    id: "pause_scaledobject_explicitly",
    title: "paused-replicas: exactly so many, above max too; then back",
    annotations: { "millrace.dev/paused-replicas": "6" },
    play: async (scene, replicas) => {
      await replicas.reaches(6, outMs);
      await replicas.staysFor(holdMs);
      await scene.annotate({ "paused-replicas": null });
      await replicas.reaches(0, inMs);
    },
  },
  {
    id: "pause_scale_in",
    title: "paused-scale-in: out, and not in until it is removed",
    annotations: { "millrace.dev/paused-scale-in": "true" },
    play: async (scene, replicas) => {
      await drained(scene, replicas);
      await replicas.staysFor(holdMs);
      await scene.annotate({ "paused-scale-in": null });
      await replicas.reaches(0, inMs);
    },
  },
  {
    id: "pause_scale_out",
    title: "paused-scale-out: not out until it is removed",
    annotations: { "millrace.dev/paused-scale-out": "true" },
    play: async (scene, replicas) => {
      await scene.publisher.publish(jobQueue, 100);
      await replicas.staysFor(holdMs);
      await scene.annotate({ "paused-scale-out": null });
      await replicas.reaches(4, outMs);
    },
  },
  {
    id: "replica_update_so",
    title: "new bounds hold at once",
    spec: () => ({ replicas: { max: 2 } }),
    play: async (scene, replicas) => {
      await scene.publisher.publish(jobQueue, plenty);
      await replicas.reaches(2, outMs);
      await scene.edit({ spec: { replicas: { max: 5 } } });
      await replicas.reaches(5, outMs);
      await scene.edit({ spec: { replicas: { max: 3 } } });
      await replicas.reaches(3, outMs);
      await scene.publisher.purge(jobQueue);
      await scene.edit({ spec: { replicas: { min: 1 } } });
      await replicas.reaches(1, inMs);
      await replicas.staysFor(holdMs);
    },
  },
  {
    id: "trigger_update_so",
    title: "another queue counts from the next look on",
    play: async (scene, replicas) => {
      await scene.publisher.declare("jobs.second");
      await scene.publisher.publish("jobs.second", 100);
      await replicas.staysFor(10_000);
      await scene.edit({ spec: { queues: [scene.queue("jobs.second")] } });
      await replicas.reaches(4, outMs);
    },
  },
  {
    id: "replicaset_scale",
    title: "a ReplicaSet",
    spec: () => ({ scaleTargetRef: { kind: "ReplicaSet", name: "other" } }),
    play: async (scene) => {
      await drainedOther(scene, await scene.deploy({ kind: "ReplicaSet", name: "other", serviceMs: 500 }));
    },
  },
  {
    id: "subresource_scale",
    title: "a StatefulSet",
    spec: () => ({ scaleTargetRef: { kind: "StatefulSet", name: "other" } }),
    play: async (scene) => {
      await drainedOther(scene, await scene.deploy({ kind: "StatefulSet", name: "other", serviceMs: 500 }));
    },
  },
  {
    id: "broken_scaledobject_tolerancy",
    title: "a dead broker of another autoscaler delays nobody",
    play: async (scene, replicas) => {
      await scene.deploy({ name: "broken" });
      await scene.autoscale({ broker: "spare-dead", scaleTargetRef: { name: "broken" } }, { name: "broken" });
      const { message } = await scene.untilCondition("SignalsFresh", "False", { name: "broken" });
      expect(message).toContain("spare-dead");
      const { firstSentAtMs } = await scene.publisher.publish(jobQueue, 100);
      const atMs = await replicas.becomes((count) => count > 0, "more than 0", outMs);
      expect(atMs - firstSentAtMs).toBeLessThan(15_000);
    },
  },
  {
    id: "restore_original",
    title: "deleted: the replicas stay as they are, whatever comes",
    play: async (scene, replicas) => {
      await scene.publisher.publish(jobQueue, plenty);
      await replicas.reaches(4, outMs);
      await scene.remove();
      await replicas.staysFor(5_000);
      await scene.publisher.purge(jobQueue);
      await replicas.staysFor(holdMs);
      expect(replicas.now()).toBe(4);
    },
  },
  {
    id: "scaled_object_validation",
    title: "a second autoscaler on one target is told so, and acts on nothing",
    play: async (scene, replicas) => {
      await scene.publisher.declare("jobs.second");
      await scene.autoscale({ queues: [scene.queue("jobs.second")] }, { name: younger });
      const { message } = await scene.untilCondition("TargetConflict", "True", { name: younger });
      expect(message).toContain("worker");
      await scene.publisher.publish("jobs.second", 100);
      await replicas.staysFor(10_000);
      await expect(scene.autoscale({ replicas: { min: 5, max: 2 } }, { name: "third" })).rejects.toThrow(
        /min is above max/,
      );
    },
  },
  {
    id: "update_ta",
    title: "credentials that are put right in their Secret are used without a restart",
    spec: () => ({ broker: "rotated" }),
    play: async (scene, replicas) => {
      await scene.publisher.publish(jobQueue, 100);
      await scene.untilCondition("SignalsFresh", "False");
      await scene.correctRotatedLogin();
      await replicas.reaches(4, 150_000);
    },
  },
];

const drainedOther = async (scene: Scene, replicas: ReplicaRecorder): Promise<void> => {
  await drained(scene, replicas);
  await replicas.reaches(0, inMs);
};

describe.concurrent("KEDA's internal cases", { timeout: 10 * 60_000 }, () => {
  test.for(cases)("$id: $title", async ({ spec, annotations, play }, { scene }) => {
    await scene.publisher.declare("jobs.second");
    const replicas = await scene.deploy({ serviceMs: 500 });
    await scene.autoscale({ ...common, ...spec?.(scene) }, annotations === undefined ? {} : { annotations });
    await play(scene, replicas);
  });
});

import { readFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import { parse } from "yaml";
import { autoscalers } from "../support/kinds.ts";
import { test } from "../support/scene.ts";

const sample = new URL("../../../manifests/samples/minimal.yaml", import.meta.url);

type Sample = {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly scaleTargetRef: { readonly name: string };
    readonly queues: readonly { readonly name: string }[];
    readonly replicas: { readonly max: number };
  };
};

/** Timed, and so with little else at work. */
export const describeFirstJobs = (): void => {
  describe("a fresh installation with the smallest sample", () => {
    test("answers 1,000 jobs from idle within a second, is done deciding within 2.5 s, and goes back to nothing", async ({
      scene,
      annotate,
    }) => {
      const resource = parse(await readFile(sample, "utf8")) as Sample;
      const { scaleTargetRef, queues } = resource.spec;
      const [{ name: queue } = { name: "" }] = queues;
      await scene.publisher.declare(queue);
      const replicas = await scene.deploy({ name: scaleTargetRef.name, queue, serviceMs: 100 });
      await scene.create(autoscalers, {
        ...resource,
        spec: { ...resource.spec, queues: [scene.queue(queue)] },
      });
      await scene.untilCondition("Ready", "True", { name: resource.metadata.name });

      const { ids, firstSentAtMs } = await scene.publisher.publish(queue, 1_000);
      await replicas.becomes((count) => count > 0, "more than 0", 10_000);
      await scene.records.allDone(ids, 120_000);
      // Fifty pods at once start slowly here: where that takes longer than the promise, the hold is up to two minutes.
      await replicas.reaches(0, 180_000);
      await scene.untilPods(0, 60_000);

      const growth = replicas.changes.filter(({ from, to }) => to > from);
      const afterMs = growth.map(({ atMs }) => atMs - firstSentAtMs);
      await annotate(
        `patches after ${afterMs.join(" and ")} ms, to ${growth.map(({ to }) => to).join(", ")}`,
      );
      expect(afterMs[0], "first patch, ms").toBeLessThanOrEqual(1_000);
      expect(afterMs.at(-1), "last increase, ms").toBeLessThanOrEqual(2_500);
      expect(growth.length, "patches to the final count").toBeLessThanOrEqual(2);
      expect(scene.records.account(ids)).toEqual({ lost: [], duplicated: [], interrupted: [], done: 1_000 });
    });
  });
};

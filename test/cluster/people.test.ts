import { describe, expect } from "vitest";
import { eventually } from "./support/eventually.ts";
import { horizontalPodAutoscalers } from "./support/kinds.ts";
import { jobQueue, test } from "./support/scene.ts";

const outMs = 30_000;
/** The broker's statistics must agree for the hold, and come the more rarely the more vhosts they are asked for. */
const inMs = 180_000;
const podsMs = 120_000;
/** Jobs that are late already are cleared within three start-ups: of so many the most replicas are wanted however long one takes. */
const plenty = 1_000;

describe.concurrent("people and other writers", { timeout: 10 * 60_000 }, () => {
  test("a count raised by hand is respected for the hold, then it follows the load again", async ({
    scene,
  }) => {
    const replicas = await scene.deploy();
    await scene.autoscale({ scaleIn: { holdSeconds: 20 } });
    await scene.setReplicas(3);
    const raisedAtMs = await replicas.reaches(3, outMs);
    const backAtMs = await replicas.reaches(0, inMs);
    expect(backAtMs - raisedAtMs).toBeGreaterThan(15_000);
  });

  test("a count lowered by hand below what the load needs is raised again", async ({ scene }) => {
    const replicas = await scene.deploy({ serviceMs: 2_000 });
    await scene.autoscale({ objective: { waitSeconds: 5 } });
    await scene.publisher.publish(jobQueue, plenty);
    await replicas.reaches(4, outMs);
    const before = replicas.changes.length;
    await scene.setReplicas(1);
    await eventually(
      "lowered and raised again",
      () => replicas.changes.slice(before).map(({ to }) => to),
      (counts) => counts[0] === 1 && counts.at(-1) === 4,
      { withinMs: outMs },
    );
  });

  test("set to 0 by hand with min 1: paused, until somebody sets it above 0", async ({ scene }) => {
    const replicas = await scene.deploy({ replicas: 1, serviceMs: 500 });
    await scene.autoscale({ replicas: { min: 1, max: 4 } });
    await scene.untilCondition("Paused", "False");
    await scene.setReplicas(0);
    await replicas.reaches(0, outMs);
    await scene.publisher.publish(jobQueue, plenty);
    const { message } = await scene.untilCondition("Paused", "True");
    expect(message).toMatch(/0/);
    await replicas.staysFor(20_000);
    await scene.setReplicas(1);
    await replicas.reaches(4, outMs);
  });

  test("another writer that keeps writing: a conflict that is told, and no fight", async ({ scene }) => {
    const replicas = await scene.deploy({ isStuck: true });
    await scene.autoscale();
    await scene.publisher.publish(jobQueue, 100);
    await replicas.reaches(4, outMs);
    const ending = new AbortController();
    let writes = 0;
    const writing = scene.keepWriting(1, {
      everyMs: 500,
      signal: ending.signal,
      onWrite: () => (writes += 1),
    });
    writing.catch(() => {}); // awaited below; if something else fails first, it ends with the namespace
    const { message } = await scene.untilCondition("TargetConflict", "True", { withinMs: inMs });
    const raises = () => replicas.changes.filter(({ to }) => to === 4).length;
    const before = { writes, raises: raises() };
    await eventually(
      "40 more writes",
      () => writes,
      (count) => count > before.writes + 40,
      { withinMs: inMs },
    );
    expect(raises() - before.raises, "patches during 40 of somebody else's").toBeLessThanOrEqual(2);
    ending.abort();
    await writing;
    expect(message, "says when it tries again").toMatch(/no change before 20/);
  });

  test("an HPA on the target: named in the condition, and nothing is patched until it is gone", async ({
    scene,
  }) => {
    const replicas = await scene.deploy({ replicas: 1, serviceMs: 2_000 });
    await scene.create(horizontalPodAutoscalers, {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "older" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "worker" },
        minReplicas: 1,
        maxReplicas: 1,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
          },
        ],
      },
    });
    await scene.autoscale({ replicas: { min: 1, max: 4 } });
    const { message } = await scene.untilCondition("TargetConflict", "True");
    expect(message).toContain("older");
    await scene.publisher.publish(jobQueue, plenty);
    await replicas.staysFor(10_000);
    await scene.remove("older", horizontalPodAutoscalers);
    await replicas.reaches(4, inMs);
  });

  test("edited, paused, resumed and deleted under load", async ({ scene }) => {
    const replicas = await scene.deploy({ serviceMs: 1_000 });
    await scene.autoscale({ replicas: { max: 2 } });
    await scene.publisher.publish(jobQueue, plenty);
    await replicas.reaches(2, outMs);
    await scene.edit({ spec: { replicas: { max: 4 } } });
    await replicas.reaches(4, outMs);
    await scene.annotate({ "paused-replicas": "1" });
    await replicas.reaches(1, outMs);
    await replicas.staysFor(10_000);
    await scene.annotate({ "paused-replicas": null });
    await replicas.reaches(4, outMs);
    await scene.remove();
    await replicas.staysFor(15_000);
    expect(replicas.now()).toBe(4);
  });

  test("a rolling update under load: nothing is taken away meanwhile, and no job is interrupted", async ({
    scene,
  }) => {
    const replicas = await scene.deploy({ serviceMs: 1_000 });
    await scene.autoscale({ objective: { waitSeconds: 10 }, replicas: { min: 1, max: 8 } });
    await scene.untilPods(1, podsMs);
    const publishing = scene.publisher.publish(jobQueue, 240, { everyMs: 250 });
    await replicas.becomes((count) => count >= 3, "at least 3", outMs);
    const before = replicas.changes.length;
    const finishedAtVersion = await scene.rollOut(podsMs);
    const { ids } = await publishing;
    await scene.records.allDone(ids, podsMs);
    const removedMeanwhile = replicas.changes
      .slice(before)
      .filter(({ from, to, version }) => to < from && version < finishedAtVersion);
    expect(removedMeanwhile).toEqual([]);
    expect(scene.records.account(ids)).toMatchObject({ lost: [], duplicated: [], interrupted: [] });
  });
});

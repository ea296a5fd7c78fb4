import { describe, expect } from "vitest";
import { eventually } from "./support/eventually.ts";
import { jobQueue, test } from "./support/scene.ts";

describe.concurrent("what a backlog alone misjudges", () => {
  test("stuck consumers with a backlog: no scale-in, and no end of scale-out beyond max", async ({
    scene,
  }) => {
    const replicas = await scene.deploy({ isStuck: true });
    await scene.autoscale({ replicas: { max: 5 } });
    await scene.publisher.publish(jobQueue, 50);
    await replicas.reaches(5, 60_000);
    await scene.untilPods(5, 120_000);
    await replicas.staysFor(45_000);
  });

  test("all jobs held by stuck consumers, none ready: no scale-in either", async ({ scene }) => {
    const replicas = await scene.deploy({ isStuck: true, prefetch: 10, slots: 10 });
    await scene.autoscale({ replicas: { max: 3 } });
    await scene.publisher.publish(jobQueue, 20);
    await replicas.becomes((count) => count > 0, "more than 0", 30_000);
    await eventually(
      "20 jobs held",
      () => scene.records.running(),
      (held) => held === 20,
      { withinMs: 120_000 },
    );
    const removed = replicas.becomes(() => replicas.removed() > 0, "fewer", 45_000);
    await expect(removed).rejects.toThrow("not fewer");
  });

  test("prefetch of 100 with one slot: no runaway", async ({ scene }) => {
    const replicas = await scene.deploy({ prefetch: 100, slots: 1, serviceMs: 200 });
    await scene.autoscale({
      objective: { waitSeconds: 10 },
      expectedServiceSeconds: 0.2,
      slotsPerReplica: 1,
      replicas: { min: 1, max: 40 },
    });
    await scene.untilPods(1, 120_000);
    // 5 jobs/s of 0.2 s are one erlang: two or three replicas do. Unacked ÷ ack rate would ask for ever more.
    const { ids } = await scene.publisher.publish(jobQueue, 450, { everyMs: 200 });
    expect(Math.max(...replicas.changes.map(({ to }) => to), 1), "most replicas").toBeLessThanOrEqual(10);
    await scene.records.allDone(ids, 120_000);
    await replicas.reaches(1, 180_000);
  });

  test("pods that take 60 s to start: no overshoot beyond a tenth of what the load needs", async ({
    scene,
  }) => {
    const replicas = await scene.deploy({ startMs: 60_000, isReadyLate: true });
    await scene.autoscale({
      objective: { waitSeconds: 120 },
      expectedServiceSeconds: 10,
      replicas: { max: 100 },
    });
    // One job of 10 s each second: ten erlangs. With eleven slots, the 62 jobs that wait for the first start-up and all
    // that follow start within 120 s: job k at 62 + 10 k / 11 <= k + 120.
    const needed = 11;
    await scene.publisher.publish(jobQueue, 110, { everyMs: 1_000, body: () => ({ ms: 10_000 }) });
    const most = Math.max(...replicas.changes.map(({ to }) => to));
    expect(most, `most replicas; ${needed} are needed`).toBeLessThanOrEqual(1.1 * needed);
    expect(most, "enough to keep up").toBeGreaterThanOrEqual(10);
  });
});

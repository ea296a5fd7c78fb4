import { describe, expect } from "vitest";
import { spareBrokerAtHand } from "./support/spare-broker.ts";
import { jobQueue, test } from "./support/scene.ts";
import type { SpareBrokerName } from "./support/stage-facts.ts";

/**
 * KEDA's fallback cases. The broker goes away for the operator alone; `afterSeconds` is 5 s instead of KEDA's three
 * failures at its polling interval.
 */
type Case = {
  readonly behavior: string;
  readonly broker: SpareBrokerName;
  readonly from: number;
  readonly fallback?: { readonly behavior: string; readonly replicas?: number };
  /** While the broker is away. */
  readonly reaches: number;
};

const cases: readonly Case[] = [
  { behavior: "Hold", broker: "spare-hold", from: 2, fallback: { behavior: "Hold" }, reaches: 2 },
  {
    behavior: "Static",
    broker: "spare-static",
    from: 4,
    fallback: { behavior: "Static", replicas: 3 },
    reaches: 3,
  },
  {
    behavior: "AtLeast",
    broker: "spare-at-least",
    from: 1,
    fallback: { behavior: "AtLeast", replicas: 3 },
    reaches: 3,
  },
  {
    behavior: "AtMost",
    broker: "spare-at-most",
    from: 4,
    fallback: { behavior: "AtMost", replicas: 2 },
    reaches: 2,
  },
  {
    behavior: "Max, from zero",
    broker: "spare-from-zero",
    from: 0,
    fallback: { behavior: "Max" },
    reaches: 4,
  },
  { behavior: "without a fallback", broker: "spare-no-fallback", from: 2, reaches: 2 },
];

describe.concurrent("KEDA's fallback cases", { timeout: 10 * 60_000 }, () => {
  test.for(cases)(
    "$behavior: $from replicas become $reaches while the broker is away, and none afterwards",
    async ({ broker: name, from, fallback, reaches }, { scene }) => {
      const broker = await spareBrokerAtHand(name);
      const replicas = await scene.deploy({ replicas: from });
      // Longer than all looks until the fallback, so that what happens then is its doing.
      await scene.autoscale({
        broker: name,
        scaleIn: { holdSeconds: 120 },
        ...(fallback === undefined ? {} : { fallback: { afterSeconds: 5, ...fallback } }),
      });
      await scene.untilCondition("SignalsFresh", "True");
      broker.goAway();
      await scene.untilCondition("SignalsFresh", "False", { withinMs: 60_000 });
      await replicas.reaches(reaches, 45_000);
      await replicas.staysFor(10_000);
      expect(replicas.changes.length, "patches while it was away").toBe(from === reaches ? 0 : 1);

      broker.comeBack();
      await scene.untilCondition("SignalsFresh", "True", { withinMs: 60_000 });
      // So many that four are wanted also where pods start slowly: late jobs are cleared within three start-ups.
      await scene.publisher.publish(jobQueue, 400, { body: () => ({ ms: 1_000 }) });
      await replicas.reaches(4, 30_000);
      await scene.publisher.purge(jobQueue);
      await replicas.reaches(0, 240_000);
      await broker.stop();
    },
  );
});

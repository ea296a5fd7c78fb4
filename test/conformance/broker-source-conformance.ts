import { expect, test } from "vitest";
import type { BrokerSource, QueueRef } from "../../src/operator/ports.ts";

export type BrokerSourceUnderTest = {
  readonly source: BrokerSource;
  /** Exists and is empty. */
  readonly queue: QueueRef;
  /** Does not exist. */
  readonly missing: QueueRef;
  /** Resolves once the broker has so many more ready messages in the queue. */
  publish(messages: number): Promise<void>;
  /** From now on the broker cannot be reached. */
  goAway(): Promise<void>;
  readonly close: () => Promise<void>;
};

/** What every BrokerSource does, whatever it asks. */
export function describeBrokerSource(setup: () => Promise<BrokerSourceUnderTest>): void {
  const withSource = (body: (under: BrokerSourceUnderTest) => Promise<void>) => async () => {
    const under = await setup();
    try {
      await body(under);
    } finally {
      await under.close();
    }
  };
  const signal = () => AbortSignal.timeout(3_000);

  test(
    "an empty queue is known, and zero",
    withSource(async ({ source, queue }) => {
      const block = (await source.read([queue], signal())).queues.get(queue.key);
      expect(block).toMatchObject({ ready: 0 });
      expect(block?.ageSeconds).toBeLessThan(5);
    }),
  );

  test(
    "ready is what waits in the queue",
    withSource(async (under) => {
      const { source, queue } = under;
      await under.publish(3);
      expect((await source.read([queue], signal())).queues.get(queue.key)?.ready).toBe(3);
    }),
  );

  test(
    "a queue that does not exist is unknown, not zero, and harms no other",
    withSource(async ({ source, queue, missing }) => {
      const { queues } = await source.read([missing, queue], signal());
      expect(queues.has(missing.key)).toBe(false);
      expect(queues.get(queue.key)?.ready).toBe(0);
    }),
  );

  test(
    "a broker that cannot be reached is a problem that is told, and no count",
    withSource(async (under) => {
      const { source, queue } = under;
      await under.goAway();
      const sample = await source.read([queue], signal());
      expect(sample.queues.size).toBe(0);
      expect(sample.problem).toBeTruthy();
    }),
  );
}

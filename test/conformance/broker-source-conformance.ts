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
      expect(block?.ageSeconds).toBeLessThan(20);
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
    "a queue that does not exist is unknown, not zero, harms no other, and is no problem of the broker",
    withSource(async ({ source, queue, missing }) => {
      const { queues, unknown, problem } = await source.read([missing, queue], signal());
      expect(problem).toBeUndefined();
      expect(queues.has(missing.key)).toBe(false);
      expect([...(unknown?.keys() ?? [])]).toEqual([missing.key]);
      expect(unknown?.get(missing.key)).toContain(`queue ${missing.name}`);
      expect(queues.get(queue.key)?.ready).toBe(0);
    }),
  );

  test(
    "who holds what is told to those who want it, and to nobody else",
    withSource(async ({ source, queue }) => {
      const wanted = { holdersOf: new Set([queue.broker]) };
      const told = async () => (await source.read([queue], signal(), wanted)).holders?.get(queue.broker);
      await expect.poll(told, { timeout: 15_000 }).toBeDefined();
      expect((await told())?.ageSeconds).toBeLessThan(30);
      expect((await source.read([queue], signal())).holders?.get(queue.broker)).toBeUndefined();
      const others = { holdersOf: new Set(["another broker"]) };
      expect((await source.read([queue], signal(), others)).holders?.get(queue.broker)).toBeUndefined();
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
      expect(sample.unknown?.get(queue.key)).toBeTruthy();
    }),
  );
}

export type MatchingBrokerUnderTest = {
  readonly source: BrokerSource;
  readonly vhost: string;
  /** As in `QueueRef.broker`. */
  readonly broker: string;
  /** Resolves once the source's list has these queues of the vhost, and no others. */
  declareOnly(names: readonly string[]): Promise<void>;
  readonly close: () => Promise<void>;
};

/** What every BrokerSource does that can list the broker's queues. */
export function describeMatchingBroker(setup: () => Promise<MatchingBrokerUnderTest>): void {
  const matchOf = ({ source, broker, vhost }: MatchingBrokerUnderTest, pattern: string) => {
    const key = `${broker}/${vhost}/${pattern}`;
    return source.match?.([{ key, broker, vhost, pattern }]).get(key);
  };
  const withBroker = (body: (under: MatchingBrokerUnderTest) => Promise<void>) => async () => {
    const under = await setup();
    try {
      await body(under);
    } finally {
      await under.close();
    }
  };

  test(
    "a pattern matches whole names, sorted; one that fits none matches none, which is not the same as unknown",
    withBroker(async (under) => {
      await under.declareOnly(["jobs.b", "jobs.a", "mail.jobs.a"]);
      expect(matchOf(under, "^jobs\\.")).toEqual({ kind: "matched", names: ["jobs.a", "jobs.b"] });
      expect(matchOf(under, "^jobs\\.a$")).toEqual({ kind: "matched", names: ["jobs.a"] });
      expect(matchOf(under, "^none\\.")).toEqual({ kind: "matched", names: [] });
    }),
  );

  test(
    "a queue that appears or vanishes is matched or no longer so",
    withBroker(async (under) => {
      await under.declareOnly(["jobs.a"]);
      await under.declareOnly(["jobs.b"]);
      expect(matchOf(under, "^jobs\\.")).toEqual({ kind: "matched", names: ["jobs.b"] });
    }),
  );

  test(
    "more queues than an autoscaler may have are counted, not listed",
    withBroker(async (under) => {
      await under.declareOnly(Array.from({ length: 101 }, (_one, index) => `jobs.${index}`));
      expect(matchOf(under, "^jobs\\.")).toEqual({ kind: "too-many", count: 101 });
    }),
  );
}

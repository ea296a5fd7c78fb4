import { expect, test } from "vitest";
import type { Fleet, FleetObservation, TargetRef } from "../../src/operator/ports.ts";

type Observed = Extract<FleetObservation, { kind: "observed" }>["fleet"];

export type FleetUnderTest = {
  readonly fleet: Fleet;
  /** Exists, has no replicas, and can start at least three. */
  readonly target: TargetRef;
  /** Does not exist. */
  readonly missing: TargetRef;
  /** Lets time pass until an observation answers true; fails the test when that takes too long. */
  until(isSo: (fleet: Observed) => boolean): Promise<void>;
  readonly close: () => Promise<void>;
};

/** What every Fleet does, whatever it scales. */
export function describeFleet(setup: () => Promise<FleetUnderTest>): void {
  const withFleet = (body: (under: FleetUnderTest) => Promise<void>) => async () => {
    const under = await setup();
    try {
      await body(under);
    } finally {
      await under.close();
    }
  };
  const change = (from: number, to: number) => ({
    from,
    to,
    explanation: "the conformance suite asks for it",
  });
  const signal = () => AbortSignal.timeout(10_000);
  const observed = async ({ fleet, target }: FleetUnderTest): Promise<Observed> => {
    const observation = await fleet.observe(target, signal());
    if (observation.kind === "unknown") throw new Error(observation.because);
    return observation.fleet;
  };

  test(
    "a target without replicas is observed as zero, not as unknown",
    withFleet(async (under) => {
      expect(await observed(under)).toMatchObject({
        desired: 0,
        ready: 0,
        draining: 0,
        starting: [],
        uncreated: 0,
      });
    }),
  );

  test(
    "a change is the wanted count at once, and the replicas become ready",
    withFleet(async (under) => {
      expect(await under.fleet.scaleTo(under.target, change(0, 2), signal())).toEqual({ kind: "scaled" });
      const right = await observed(under);
      expect(right.desired).toBe(2);
      expect(right.ready + right.starting.length).toBe(2);
      await under.until((fleet) => fleet.ready === 2 && fleet.starting.length === 0);
    }),
  );

  test(
    "a change from a count that is no longer so is refused, with the real one",
    withFleet(async (under) => {
      await under.fleet.scaleTo(under.target, change(0, 1), signal());
      expect(await under.fleet.scaleTo(under.target, change(0, 3), signal())).toEqual({
        kind: "conflict",
        actual: 1,
      });
      expect((await observed(under)).desired).toBe(1);
    }),
  );

  test(
    "of two changes at the same time one is made",
    withFleet(async (under) => {
      const outcomes = await Promise.all(
        [2, 3].map((to) => under.fleet.scaleTo(under.target, change(0, to), signal())),
      );
      expect(outcomes.map(({ kind }) => kind).toSorted((a, b) => a.localeCompare(b))).toEqual([
        "conflict",
        "scaled",
      ]);
    }),
  );

  test(
    "a lower count takes replicas away until no more are there",
    withFleet(async (under) => {
      await under.fleet.scaleTo(under.target, change(0, 3), signal());
      await under.until((fleet) => fleet.ready === 3);
      await under.fleet.scaleTo(under.target, change(3, 1), signal());
      expect((await observed(under)).desired).toBe(1);
      await under.until((fleet) => fleet.ready === 1 && fleet.draining === 0 && fleet.starting.length === 0);
      await under.fleet.scaleTo(under.target, change(1, 0), signal());
      await under.until((fleet) => fleet.ready === 0 && fleet.draining === 0);
    }),
  );

  test(
    "where it can be told whom to remove, those go and no others",
    withFleet(async (under) => {
      const { fleet, target } = under;
      await fleet.scaleTo(target, change(0, 3), signal());
      await under.until(({ ready }) => ready === 3);
      const ids = async (): Promise<readonly string[] | undefined> => {
        const observation = await fleet.observe(target, signal());
        return observation.kind === "observed" ? observation.victims?.map(({ id }) => id) : undefined;
      };
      const [first = "", ...others] = (await ids()) ?? [];
      if (others.length === 0) return;
      const outcome = await fleet.scaleTo(target, { ...change(3, 2), victims: [first] }, signal());
      expect(outcome).toEqual({ kind: "scaled" });
      await under.until(({ ready, draining }) => ready === 2 && draining === 0);
      expect((await ids())?.toSorted()).toEqual(others.toSorted());
    }),
  );

  test(
    "a target that does not exist is unknown, and cannot be changed",
    withFleet(async ({ fleet, missing }) => {
      expect(await fleet.observe(missing, signal())).toEqual({
        kind: "unknown",
        because: expect.any(String),
      });
      expect(await fleet.scaleTo(missing, change(0, 1), signal())).toEqual({
        kind: "failed",
        because: expect.any(String),
      });
    }),
  );

  test(
    "a count that ended with the last operator is brought back",
    withFleet(async (under) => {
      if (under.fleet.restore === undefined) return;
      await under.fleet.restore(under.target, 2, signal());
      expect((await observed(under)).desired).toBe(2);
      await under.until((fleet) => fleet.ready === 2);
    }),
  );
}

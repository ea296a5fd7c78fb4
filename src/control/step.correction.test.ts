import { expect, test } from "vitest";
import type { Readings } from "./contract.ts";
import { type ControlState, step } from "./step.ts";

const SPEC = { objective: { waitSeconds: 5, attainmentRatio: 0.95 }, replicas: { min: 0, max: 20 } };

const readings = (started: number, ageSeconds: number, ready: number): Readings => ({
  queues: [
    {
      id: "q",
      broker: { ageSeconds: 0, epoch: "b", ready },
      workers: {
        ageSeconds,
        epoch: "w",
        reportingReplicas: 8,
        running: 0,
        started,
        finished: started,
        serviceSeconds: started * 0.5,
      },
    },
  ],
  slotSharing: "shared",
  fleet: { desired: 8, ready: 8, draining: 0, slots: 8, starting: [], idle: 8, uncreated: 0, rollout: false },
});

test("jobs that were only guessed while the workers' figures were old are taken back when a fresh sample denies them", () => {
  let state: ControlState | undefined;
  let perSecond: number | undefined;
  const look = (t: number, sample: Readings): void => {
    const result = step(SPEC, state, sample, t * 1000);
    state = result.state;
    perSecond = result.verdict.estimate.arrivalsPerSecond;
  };
  for (let t = 0; t <= 40; t += 2) look(t, readings(t * 8, 0, 0)); // 8 jobs/s
  for (let t = 42; t <= 50; t += 2) look(t, readings(320, t - 40, 0)); // none came, and the sample is old: 8 jobs/s are guessed
  look(52, readings(320, 0, 0)); // a fresh sample: none started
  expect(perSecond).toBeLessThan(2);
});

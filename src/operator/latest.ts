import type { Readings, Spec, Verdict } from "../control/contract.ts";
import type { Taken } from "./build-readings.ts";
import type { BrokerSample, FleetObservation, WorkerSample } from "./ports.ts";

/**
 * What one cycle saw; `floor` is the value of the autoscaler's own expression, `floorProblem` why it has none,
 * `workersProblem` why the workers' metrics were not read in full.
 */
export type CycleInput = {
  readonly broker?: Taken<BrokerSample>;
  readonly workers?: Taken<WorkerSample>;
  readonly fleet: FleetObservation;
  readonly floor?: number;
  readonly floorProblem?: string;
  readonly workersProblem?: string;
  readonly staleAfterSeconds: number;
  readonly nowMs: number;
};

/** The latest look at an autoscaler. Without a verdict nothing was decided: the target is not known, or the resource was refused. */
export type Latest = {
  readonly atMs: number;
  readonly fleet: FleetObservation;
  readonly spec?: Spec;
  readonly readings?: Readings;
  readonly verdict?: Verdict;
  /** How long the first message of a queue has waited, by its key. */
  readonly oldestAgeSeconds?: ReadonlyMap<string, number>;
  /** Why a queue is unknown, by its key. */
  readonly unknown?: ReadonlyMap<string, string>;
  readonly floorProblem?: string;
  readonly workersProblem?: string;
};

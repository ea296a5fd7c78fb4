import type { Readings } from "../control/contract.ts";
import type { WorkerAutoscalerSpec } from "../resource/worker-autoscaler.ts";
import { buildReadings, type Taken } from "./build-readings.ts";
import { BusyReplicas } from "./busy-replicas.ts";
import { FirstConsumer } from "./first-consumer.ts";
import type { BrokerSample, FleetObservation, WorkerSample } from "./ports.ts";
import type { WatchedQueue } from "./queue-set.ts";
import { IdleSince, idleReplicas } from "./replica-activity.ts";

type ReplicaSeen = {
  readonly fleet: Extract<FleetObservation, { kind: "observed" }>;
  readonly broker: Taken<BrokerSample> | undefined;
  readonly workers: Taken<WorkerSample> | undefined;
  readonly queues: readonly WatchedQueue[];
  readonly unresolved: readonly string[];
  readonly spec: WorkerAutoscalerSpec;
  readonly staleAfterSeconds: number;
  readonly nowMs: number;
};

/** What is remembered of one autoscaler's replicas from look to look, and what the readings say with it. */
export class ReplicaWatch {
  readonly #idle = new IdleSince();
  readonly #busy = new BusyReplicas();
  readonly #firstConsumer = new FirstConsumer();
  #busyNow: readonly string[] | undefined;
  #needsHolders = false;
  /** Since when every queue was empty at every look. */
  #quietSinceMs: number | undefined;

  readings(seen: ReplicaSeen): Readings {
    const { fleet, broker, workers, queues, spec, nowMs } = seen;
    const replicas = namedIn(fleet);
    const tellsAll = queues.every(
      ({ ref }) => workers?.sample.queues.get(ref.key)?.runningByReplica !== undefined,
    );
    this.#needsHolders = (replicas?.length ?? 0) > 0 && !tellsAll;
    this.#quietSinceMs = isQuiet(seen) ? (this.#quietSinceMs ?? nowMs) : undefined;
    const idle = this.#idleNow(seen);
    const choosable = fleet.victims && idle;
    this.#idle.note(choosable, nowMs);
    const readings = buildReadings({
      ...(broker !== undefined && { broker }),
      ...(workers !== undefined && { workers }),
      fleet,
      queues,
      unresolved: seen.unresolved,
      slotSharing: spec.slotSharing,
      ...(choosable !== undefined && { idle: choosable.length }),
      staleAfterSeconds: seen.staleAfterSeconds,
      nowMs,
    });
    this.#busyNow =
      replicas && this.#busy.note(replicas, idle, { inProgress: isInProgress(readings), nowMs });
    this.#firstConsumer.look(readings, nowMs);
    return this.#firstConsumer.withStartup(readings);
  }

  /** At most `count` replicas that can be chosen and run nothing, those that became idle last first. */
  latestIdle(count: number): readonly string[] {
    return this.#idle.latest(count);
  }

  /** Some queue's workers do not tell which of them is at work, and it matters: the broker has to say who holds what. */
  get needsHolders(): boolean {
    return this.#needsHolders;
  }

  /** Replicas at work on long jobs; undefined while the fleet does not name its replicas. */
  get busy(): readonly string[] | undefined {
    return this.#busyNow;
  }

  #idleNow({ fleet, broker, workers, queues, spec, staleAfterSeconds, nowMs }: ReplicaSeen) {
    const replicas = namedIn(fleet);
    return (
      replicas &&
      idleReplicas({
        replicas,
        queueKeys: queues.map(({ ref }) => ref.key),
        broker: spec.broker,
        ...(broker !== undefined && { brokerSample: broker }),
        ...(workers !== undefined && { workerSample: workers }),
        staleAfterSeconds,
        quietForSeconds: this.#quietSinceMs === undefined ? 0 : (nowMs - this.#quietSinceMs) / 1_000,
        nowMs,
      })
    );
  }
}

const namedIn = ({ replicas, victims }: ReplicaSeen["fleet"]) => replicas ?? victims;

/** Nothing is known to wait in any queue; one that is unknown may have jobs. */
const isQuiet = ({ broker, workers, queues, unresolved }: ReplicaSeen): boolean =>
  unresolved.length === 0 &&
  queues.every(({ ref: { key } }) => {
    const told = broker?.sample.queues.get(key) ?? workers?.sample.queues.get(key)?.depth;
    return told?.ready === 0;
  });

const isInProgress = ({ queues }: Readings): boolean =>
  queues.some(({ broker, workers }) => (broker?.unacked ?? 0) + (workers?.running ?? 0) > 0);

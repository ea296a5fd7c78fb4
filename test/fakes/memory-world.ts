import type {
  BrokerSample,
  BrokerSource,
  QueueRef,
  TargetRef,
  WorkerSample,
  WorkerSource,
} from "../../src/operator/ports.ts";
import type { ManualClock } from "./manual-clock.ts";
import type { MemoryFleet } from "./memory-fleet.ts";

export type WorldOptions = {
  readonly clock: ManualClock;
  readonly fleet: MemoryFleet;
  readonly target: TargetRef;
  readonly queue: QueueRef;
  readonly serviceSeconds?: number;
};

/** One queue and its workers in memory: replicas of the fleet take jobs, one slot each, while the clock is moved. */
export class MemoryWorld {
  readonly #options: WorldOptions;
  /** Jobs that run: when each ends. */
  #ends: number[] = [];
  #ready = 0;
  #started = 0;
  #finished = 0;
  /** How each source answers: as it is, without this queue, with a problem, with an old sample, or never. */
  broker: "answers" | "away" | "hangs" | "rejects" = "answers";
  workers: "answers" | "empty" | "away" | "stale" | "hangs" | "rejects" = "answers";
  brokerTellsUnacked = false;
  workersTellDepth = true;
  brokerReads = 0;
  workerReads = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  get backlog(): number {
    return this.#ready;
  }

  get finished(): number {
    return this.#finished;
  }

  publish(jobs: number): void {
    this.#ready += jobs;
  }

  /** Resolves when an answer of the broker that is under way has arrived. */
  brokerAnswered(): Promise<void> {
    // Everything here answers at once, so all of it has arrived once the microtasks have run.
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  /** Moves the clock in steps of a tenth of a second; workers take and finish jobs as it moves. */
  advance(seconds: number): void {
    const { clock, fleet, target, serviceSeconds = 1 } = this.#options;
    for (let step = 0; step < Math.round(seconds * 10); step++) {
      clock.advance(0.1);
      const ended = this.#ends.filter((at) => at <= clock.nowMs).length;
      this.#finished += ended;
      this.#ends = this.#ends.filter((at) => at > clock.nowMs);
      const taken = Math.max(0, Math.min(this.#ready, fleet.readyCount(target) - this.#ends.length));
      this.#ready -= taken;
      this.#started += taken;
      for (let job = 0; job < taken; job++) this.#ends.push(clock.nowMs + serviceSeconds * 1_000);
    }
  }

  asBroker(): BrokerSource {
    return { read: () => this.#readBroker() };
  }

  asWorkers(): WorkerSource {
    return { read: () => this.#readWorkers() };
  }

  #readBroker(): Promise<BrokerSample> {
    this.brokerReads += 1;
    if (this.broker === "hangs") return new Promise(() => {});
    if (this.broker === "rejects") return Promise.reject(new Error("broker source broke"));
    if (this.broker === "away") return Promise.resolve({ queues: new Map(), problem: "connection refused" });
    return Promise.resolve({ queues: new Map([[this.#options.queue.key, this.#brokerBlock()]]) });
  }

  #brokerBlock() {
    const { fleet, target } = this.#options;
    return {
      ageSeconds: 0,
      epoch: "1",
      ready: this.#ready,
      consumers: fleet.readyCount(target),
      ...(this.brokerTellsUnacked && { unacked: this.#ends.length }),
    };
  }

  #readWorkers(): Promise<WorkerSample> {
    this.workerReads += 1;
    if (this.workers === "hangs") return new Promise(() => {});
    if (this.workers === "rejects") return Promise.reject(new Error("worker source broke"));
    if (this.workers === "away") return Promise.resolve({ queues: new Map(), problem: "answers 503" });
    if (this.workers === "empty") return Promise.resolve({ queues: new Map() });
    return Promise.resolve({ queues: new Map([[this.#options.queue.key, this.#workerSample()]]) });
  }

  #workerSample() {
    const { fleet, target, serviceSeconds = 1 } = this.#options;
    const ageSeconds = this.workers === "stale" ? 300 : 1;
    const replicas = fleet.readyCount(target);
    return {
      workers: {
        ageSeconds,
        epoch: "1",
        reportingReplicas: replicas,
        running: this.#ends.length,
        started: this.#started,
        finished: this.#finished,
        serviceSeconds: this.#finished * serviceSeconds,
      },
      attachedSlots: replicas,
      ...(this.workersTellDepth && { depth: { ready: this.#ready, ageSeconds } }),
    };
  }
}

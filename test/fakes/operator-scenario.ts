import { Registry } from "prom-client";
import type { Condition } from "../../src/operator/conditions.ts";
import { createOperator, type Operator } from "../../src/operator/operator.ts";
import type { BrokerAccessList } from "../../src/operator/broker-access.ts";
import type { FloorSource, Journal, Lease } from "../../src/operator/ports.ts";
import type { OperatorOptions } from "../../src/operator/options.ts";
import { parseResource } from "../../src/resource/parse-resource.ts";
import type { WorkerAutoscaler } from "../../src/resource/worker-autoscaler.ts";
import { ManualClock } from "./manual-clock.ts";
import { MemoryFleet } from "./memory-fleet.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { MemoryWorld } from "./memory-world.ts";
import { RecordingLogger } from "./recording-logger.ts";

export type ScenarioOptions = {
  readonly spec?: object;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly serviceSeconds?: number;
  readonly startupSeconds?: number;
  /** Without a broker source everything comes from the workers. */
  readonly withBroker?: boolean;
  readonly withWorkers?: boolean;
  readonly state?: MemoryStateStore;
  readonly floors?: FloorSource;
  /** false: the fleet refuses to bring a count back. */
  readonly canRestore?: boolean;
  readonly operator?: OperatorOptions;
  readonly lease?: Lease;
  /** Keeps the state instead of the store. */
  readonly journal?: Journal;
  readonly brokers?: BrokerAccessList;
};

export const scenarioTarget = {
  apiVersion: "millrace.dev/v1alpha1",
  kind: "ProcessPool",
  namespace: "default",
  name: "workers",
};
const queue = { key: "default///jobs.image", broker: "default", vhost: "/", name: "jobs.image" };

export function autoscalerResource(
  spec: object = {},
  annotations: Readonly<Record<string, string>> = {},
): WorkerAutoscaler {
  const parsed = parseResource({
    apiVersion: "millrace.dev/v1alpha1",
    kind: "WorkerAutoscaler",
    metadata: { name: "images", annotations },
    spec: {
      scaleTargetRef: {
        apiVersion: scenarioTarget.apiVersion,
        kind: scenarioTarget.kind,
        name: scenarioTarget.name,
      },
      queues: [{ name: queue.name }],
      objective: { waitSeconds: 5 },
      replicas: { min: 0, max: 10 },
      scaleIn: { holdSeconds: 5, toZeroAfterSeconds: 5 },
      ...spec,
    },
  });
  if (parsed.kind === "resource" && parsed.resource.kind === "WorkerAutoscaler") return parsed.resource;
  throw new Error(JSON.stringify(parsed));
}

/** One autoscaler, its operator and its world, on one clock. Nothing runs by itself: `walk` moves the clock and calls the cycles. */
export class OperatorScenario {
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly registry = new Registry();
  readonly fleet: MemoryFleet;
  readonly world: MemoryWorld;
  readonly state: MemoryStateStore;
  readonly resources: readonly WorkerAutoscaler[];
  readonly operator: Operator;

  constructor(options: ScenarioOptions = {}) {
    const { clock, logger, registry } = this;
    this.fleet = new MemoryFleet([scenarioTarget], { clock, startupSeconds: options.startupSeconds ?? 1 });
    this.fleet.canRestore = options.canRestore ?? true;
    this.world = new MemoryWorld({
      clock,
      fleet: this.fleet,
      target: scenarioTarget,
      queue,
      serviceSeconds: options.serviceSeconds ?? 1,
    });
    this.state = options.state ?? new MemoryStateStore();
    this.resources = [autoscalerResource(options.spec, options.annotations)];
    this.operator = createOperator(
      {
        autoscalers: this.resources,
        fleet: this.fleet,
        ...(options.withBroker !== false && { broker: this.world.asBroker() }),
        ...(options.withWorkers !== false && { workers: this.world.asWorkers() }),
        ...(options.floors !== undefined && { floors: options.floors }),
        ...(options.journal === undefined ? { state: this.state } : { journal: options.journal }),
        ...(options.lease !== undefined && { lease: options.lease }),
        ...(options.brokers !== undefined && { brokers: options.brokers }),
        registry,
        logger,
        nowMs: clock.read,
      },
      { readDeadlineSeconds: 0.05, ...options.operator },
    );
  }

  get desired(): number {
    return this.fleet.desiredCount(scenarioTarget);
  }

  get ready(): number {
    return this.fleet.readyCount(scenarioTarget);
  }

  /** Lets so many seconds pass, with a cycle every two of them. */
  async walk(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 2) {
      this.world.advance(2);
      await this.operator.cycle();
    }
  }

  /** One look of the fast path every half second. */
  async watchIdle(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 0.5) {
      this.world.advance(0.5);
      await this.operator.fastLook();
    }
  }

  condition(type: string): Condition | undefined {
    return this.operator.autoscalers[0]?.conditions.find((condition) => condition.type === type);
  }

  replaceResource(spec: object, annotations: Readonly<Record<string, string>> = {}): void {
    this.operator.replaceAutoscalers([autoscalerResource(spec, annotations)]);
  }

  async metric(line: RegExp): Promise<string | undefined> {
    return (await this.registry.metrics()).split("\n").find((text) => line.test(text));
  }
}

export async function startedScenario(options: ScenarioOptions = {}): Promise<OperatorScenario> {
  const scenario = new OperatorScenario(options);
  await scenario.operator.restore();
  return scenario;
}

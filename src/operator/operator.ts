import type { FastifyPluginAsync } from "fastify";
import type { Registry } from "prom-client";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { Autoscaler } from "./autoscaler.ts";
import { AutoscalerSet } from "./autoscaler-set.ts";
import type { BrokerAccessList } from "./broker-access.ts";
import { ControlLoop } from "./control-loop.ts";
import { FastPath } from "./fast-path.ts";
import { buildOperatorServer } from "./http-server.ts";
import { Leadership } from "./leadership.ts";
import { createOperatorMetrics } from "./metrics.ts";
import type { OperatorFeed } from "./operator-feed.ts";
import { compileOperatorOptions, type OperatorOptions } from "./options.ts";
import type {
  BrokerSource,
  Claim,
  Fleet,
  FloorSource,
  Journal,
  Lease,
  Standing,
  WorkerSource,
} from "./ports.ts";
import { RepeatedTask } from "./repeated-task.ts";
import type { StateStore } from "./state-store.ts";

export type OperatorDeps = {
  readonly autoscalers: readonly WorkerAutoscaler[];
  readonly fleet: Fleet;
  readonly broker?: BrokerSource;
  readonly workers?: WorkerSource;
  readonly floors?: FloorSource;
  /** Where the state outlives a restart: a store for all, or the journal for each. Without either nothing does. */
  readonly state?: StateStore;
  readonly journal?: Journal;
  /** The right to act, where several operators run; without it this one always leads. */
  readonly lease?: Lease;
  /** Absent where nothing but itself keeps this one from working. */
  readonly standing?: Standing;
  /** Which brokers there are, and who may use them; absent = all that `broker` reads, for everybody. */
  readonly brokers?: BrokerAccessList;
  readonly registry: Registry;
  /** Of the program, for its metrics. */
  readonly version?: string;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** Where to answer HTTP; port 0 takes a free one; undefined = nowhere. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** Makes the page that is served there; without it there is none. */
  readonly page?: (feed: OperatorFeed) => FastifyPluginAsync;
};

export type Operator = Service & {
  /** The address of the HTTP API once started, for example http://127.0.0.1:9090. */
  readonly url: string | undefined;
  /** Those under control now, with what is known about each; none while this operator follows another. */
  readonly autoscalers: readonly Autoscaler[];
  /** Sentences about the operator as a whole that people should know. */
  notes(): readonly string[];
  /** One cycle now; the running operator calls this by itself. */
  cycle(): Promise<void>;
  /** One look of the fast path now; the running operator calls this by itself. */
  fastLook(): Promise<void>;
  /** Brings the state back without starting anything that repeats; `start` does it first. */
  restore(): Promise<void>;
  /** Replaces the resources; what is known about those that stay is kept. `claims`: of those that cannot be read. */
  replaceAutoscalers(resources: readonly WorkerAutoscaler[], claims?: readonly Claim[]): void;
};

const firstCycle = "the first cycle has not ended";

/** Observes, decides, acts and reports for a set of autoscalers, until it is stopped. Throws a ConfigError for options out of range. */
export function createOperator(deps: OperatorDeps, userOptions: OperatorOptions = {}): Operator {
  const options = compileOperatorOptions(userOptions);
  const { logger, version = "unknown", nowMs, standing } = deps;
  const set = new AutoscalerSet(deps, options);
  const leadership = new Leadership(deps.lease, { logger, onChange: () => set.startOver() });
  const isLeader = () => leadership.isHeld;
  const led = () => (isLeader() ? set.list : []);
  const cycleSeconds = options.cyclePeriodMs / 1_000;
  const metrics = createOperatorMetrics(deps.registry, { ...deps, autoscalers: led, isLeader, cycleSeconds });
  const loop = new ControlLoop({ ...deps, options, metrics });
  const fastPath = new FastPath({ ...deps, autoscalers: led, metrics }, options);
  let cycles = 0;
  const notes = () => [loop, fastPath, standing].flatMap((told) => told?.notes ?? []);
  const view = { autoscalers: led, notes, isFollower: () => !isLeader() };
  const server = buildOperatorServer({
    ...view,
    page: deps.page?.({ ...view, leader: () => leadership.holder, version, cycleSeconds, nowMs }),
    registry: deps.registry,
    notReadyBecause: () => standing?.notReadyBecause ?? (cycles > 0 || !isLeader() ? undefined : firstCycle),
  });
  const cycle = async () => {
    if (!leadership.check()) return leadership.isNear ? loop.warmUp(set.list) : undefined;
    const changed = await loop.cycle(set.list);
    cycles += 1;
    await set.save({ now: changed });
  };
  const fastLook = async () => {
    if (leadership.check() && (await loop.fastLook(set.list))) await set.save({ now: true });
  };
  const onError = (err: unknown) => logger.error({ err }, "cycle failed");
  const cycling = new RepeatedTask(cycle, { periodMs: () => options.cyclePeriodMs, onError });
  deps.lease?.onGained(() => cycling.runNow());
  const looking = new RepeatedTask(fastLook, { periodMs: () => fastPath.periodMs(), onError });
  let url: string | undefined;
  return {
    get url() {
      return url;
    },
    get autoscalers() {
      return led();
    },
    notes,
    cycle,
    fastLook,
    restore: () => set.restore(),
    replaceAutoscalers: (resources, claims = []) => set.replace(resources, claims),
    async start() {
      await set.restore();
      if (deps.listen !== undefined) url = await server.listen(deps.listen);
      cycling.start();
      if (deps.broker !== undefined) looking.start();
      logger.info({ autoscalers: set.list.map(({ key }) => key), url }, "operator started");
    },
    async stop() {
      await Promise.all([cycling.stop(), looking.stop()]);
      await set.save({ now: true });
      await server.close();
    },
  };
}

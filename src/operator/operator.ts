import type { Registry } from "prom-client";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { Autoscaler } from "./autoscaler.ts";
import { AutoscalerSet } from "./autoscaler-set.ts";
import { ControlLoop } from "./control-loop.ts";
import { buildOperatorServer } from "./http-server.ts";
import { createOperatorMetrics } from "./metrics.ts";
import { compileOperatorOptions, type OperatorOptions } from "./options.ts";
import type { BrokerSource, Fleet, FloorSource, WorkerSource } from "./ports.ts";
import { RepeatedTask } from "./repeated-task.ts";
import type { StateStore } from "./state-store.ts";

export type OperatorDeps = {
  readonly autoscalers: readonly WorkerAutoscaler[];
  readonly fleet: Fleet;
  readonly broker?: BrokerSource;
  readonly workers?: WorkerSource;
  readonly floors?: FloorSource;
  readonly state: StateStore;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** Where to answer HTTP; port 0 takes a free one; undefined = nowhere. */
  readonly listen?: { readonly host: string; readonly port: number };
};

export type Operator = Service & {
  /** The address of the HTTP API once started, for example http://127.0.0.1:9090. */
  readonly url: string | undefined;
  /** Those under control now, with what is known about each. */
  readonly autoscalers: readonly Autoscaler[];
  /** One cycle now; the running operator calls this by itself. */
  cycle(): Promise<void>;
  /** One look of the fast path now; the running operator calls this by itself. */
  fastLook(): Promise<void>;
  /** Brings the state back without starting anything that repeats; `start` does it first. */
  restore(): Promise<void>;
  /** Replaces the resources; what is known about those that stay is kept. */
  replaceAutoscalers(resources: readonly WorkerAutoscaler[]): void;
};

/** Observes, decides, acts and reports for a set of autoscalers, until it is stopped. Throws a ConfigError for options out of range. */
export function createOperator(deps: OperatorDeps, userOptions: OperatorOptions = {}): Operator {
  const options = compileOperatorOptions(userOptions);
  const set = new AutoscalerSet(deps, options);
  const metrics = createOperatorMetrics(deps.registry, {
    autoscalers: () => set.list,
    cycleSeconds: options.cyclePeriodMs / 1_000,
  });
  const loop = new ControlLoop({ ...deps, options, metrics });
  let cycles = 0;
  const server = buildOperatorServer({
    autoscalers: () => set.list,
    registry: deps.registry,
    notReadyBecause: () => (cycles > 0 ? undefined : "the first cycle has not ended"),
  });
  const cycle = async () => {
    const changed = await loop.cycle(set.list);
    cycles += 1;
    await set.save({ now: changed });
  };
  const fastLook = async () => {
    if (await loop.fastLook(set.list)) await set.save({ now: true });
  };
  const onError = (cause: unknown) => deps.logger.error({ err: cause }, "cycle failed");
  const cycling = new RepeatedTask(cycle, { periodMs: options.cyclePeriodMs, onError });
  const looking = new RepeatedTask(fastLook, { periodMs: options.fastPathPeriodMs, onError });
  let url: string | undefined;
  return {
    get url() {
      return url;
    },
    get autoscalers() {
      return set.list;
    },
    cycle,
    fastLook,
    restore: () => set.restore(),
    replaceAutoscalers: (resources) => set.replace(resources),
    async start() {
      await set.restore();
      if (deps.listen !== undefined)
        url = await server.listen({ host: deps.listen.host, port: deps.listen.port });
      cycling.start();
      if (deps.broker !== undefined) looking.start();
      deps.logger.info({ autoscalers: set.list.map(({ key }) => key), url }, "operator started");
    },
    async stop() {
      await Promise.all([cycling.stop(), looking.stop()]);
      await set.save({ now: true });
      await server.close();
    },
  };
}

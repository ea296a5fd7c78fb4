import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { LoadedResources } from "./load-resources.ts";
import { RepeatedTask } from "./repeated-task.ts";

export type ResourceWatchDeps = {
  /** Rejects with a ConfigError while the files are wrong. */
  readonly load: () => Promise<LoadedResources>;
  readonly loaded: LoadedResources;
  readonly onChange: (autoscalers: readonly WorkerAutoscaler[]) => void;
  readonly logger: Logger;
  /** Default 2000. */
  readonly periodMs?: number;
};

/** Rereads the resource files, so that a pause or another bound counts without a restart. Wrong files leave the last good ones in force. */
export function createResourceWatch({
  load,
  loaded,
  onChange,
  logger,
  periodMs = 2_000,
}: ResourceWatchDeps): Service {
  let inForce = JSON.stringify(loaded.autoscalers);
  let pools = JSON.stringify(loaded.pools);
  let problem = "";
  const look = async () => {
    const next = await load();
    problem = "";
    const autoscalers = JSON.stringify(next.autoscalers);
    if (autoscalers !== inForce) {
      inForce = autoscalers;
      onChange(next.autoscalers);
      logger.info({ autoscalers: next.autoscalers.length }, "took changed autoscalers over");
    }
    if (JSON.stringify(next.pools) === pools) return;
    pools = JSON.stringify(next.pools);
    logger.warn({}, "a changed ProcessPool counts after a restart of the operator");
  };
  const task = new RepeatedTask(look, {
    periodMs: () => periodMs,
    onError(cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      if (message !== problem)
        logger.error({ err: cause }, "changed autoscalers are wrong; the earlier ones stay in force");
      problem = message;
    },
  });
  return {
    start: async () => task.start(),
    stop: () => task.stop(),
  };
}

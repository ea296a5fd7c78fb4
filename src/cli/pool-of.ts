import type { ProcessPool } from "../resource/process-pool.ts";

/** A ProcessPool document as the pool takes it. */
export function poolOf({ metadata, spec }: ProcessPool) {
  const [program = "", ...args] = spec.command;
  const command: readonly [string, ...string[]] = [program, ...args];
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    command,
    env: spec.env,
    terminationGraceSeconds: spec.terminationGracePeriodSeconds,
    metricsPath: spec.metricsPath,
  };
}

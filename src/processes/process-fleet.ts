import type { Registry } from "prom-client";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { Fleet } from "../operator/ports.ts";
import type { ProcessPool } from "./process-pool.ts";

export type ProcessFleetOptions = {
  readonly pools: readonly ProcessPool[];
  /** What every replica inherits, under the pool's own variables: at least PATH and HOME. */
  readonly baseEnv: Readonly<Record<string, string | undefined>>;
  /** Folder for Prometheus' file-based discovery; one JSON file is kept there and removed at stop. */
  readonly discoveryDirectory?: string;
  /** Spawn and exit of every replica, one JSON object a line, appended. */
  readonly accountFile?: string;
  /** Folder for one output file a pool; without it replicas write where the operator's standard error goes. */
  readonly logDirectory?: string;
  /** Where replicas serve their metrics. Default 127.0.0.1. */
  readonly metricsHost?: string;
  readonly registry?: Registry;
  readonly logger?: Logger;
  readonly nowMs?: () => number;
};

/** A Fleet over pools of local processes. Target kind: ProcessPool. Everything it started has ended when `stop()` resolves. */
export const createProcessFleet = (_options: ProcessFleetOptions): Fleet & Service => ({
  start: async () => {},
  stop: async () => {},
  observe: async () => ({ kind: "unknown", because: "not built yet" }),
  scaleTo: async () => ({ kind: "failed", because: "not built yet" }),
  restore: async () => {},
});

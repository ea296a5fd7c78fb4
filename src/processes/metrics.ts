import { Counter, Gauge, type Registry } from "prom-client";
import type { PoolEvent } from "./pool-event.ts";

export type PoolCounts = {
  readonly namespace: string;
  readonly pool: string;
  readonly counts: Readonly<Record<"ready" | "starting" | "failing" | "draining", number>>;
};

/** Counts what happens to replicas; `counts` is asked at each scrape. */
export const createPoolMetrics = (
  registry: Registry,
  counts: () => readonly PoolCounts[],
): ((event: PoolEvent) => void) => {
  const registers = [registry];
  const labelNames = ["namespace", "pool"];
  // Each pool is there from the start with 0: a first increase from nothing would not be seen as one.
  function begin(this: Counter): void {
    for (const { namespace, pool } of counts()) this.inc({ namespace, pool }, 0);
  }
  const crashes = new Counter({
    name: "millrace_pool_crashes_total",
    help: "Processes of local pools that ended without being asked, or could not be started.",
    labelNames,
    registers,
    collect: begin,
  });
  const kills = new Counter({
    name: "millrace_pool_kills_total",
    help: "Processes of local pools that outlived their grace and were killed.",
    labelNames,
    registers,
    collect: begin,
  });
  const replicas: Gauge = new Gauge({
    name: "millrace_pool_replicas",
    help: "Replicas of local pools by phase: ready, starting, failing (crash-looping), draining.",
    labelNames: [...labelNames, "phase"],
    registers,
    collect() {
      for (const { namespace, pool, counts: phases } of counts()) {
        for (const [phase, count] of Object.entries(phases)) replicas.set({ namespace, pool, phase }, count);
      }
    },
  });
  return ({ kind, namespace, pool }) => {
    if (kind === "restarting") crashes.inc({ namespace, pool });
    if (kind === "killed") kills.inc({ namespace, pool });
  };
};

import { Counter, Gauge, Registry } from "prom-client";
import type { ApiResource } from "./api-path.ts";
import type { KubernetesError } from "./errors.ts";
import type { CacheState } from "./kind-cache.ts";
import type { VictimResult } from "./victim-checks.ts";

export type FleetMetrics = {
  /** foreign: it was chosen and could not be marked, as its deletion cost is another writer's. */
  readonly victims: (result: VictimResult | "foreign", count?: number) => void;
  readonly watchFailed: (resource: ApiResource, error: KubernetesError) => void;
};

/** `caches` is asked at each scrape. */
export const createFleetMetrics = (
  registry: Registry | undefined,
  caches: () => readonly CacheState[],
): FleetMetrics => {
  const registers = [registry ?? new Registry()];
  const victims = new Counter({
    name: "millrace_scale_in_victims_total",
    help: "Pods of scale-ins with chosen victims: hit (chosen and gone), miss (another ready pod went), unready (was not ready), foreign (could not be chosen, as another writer set its deletion cost).",
    labelNames: ["result"],
    registers,
  });
  const failures = new Counter({
    name: "millrace_watch_failures_total",
    help: "Lists and watches of the API server that failed, by resource and reason.",
    labelNames: ["resource", "reason"],
    registers,
  });
  const objects: Gauge = new Gauge({
    name: "millrace_watched_objects",
    help: "Objects of the API server that are held in memory, by resource.",
    labelNames: ["resource"],
    registers,
    collect() {
      for (const { resource, size } of caches()) objects.set({ resource: resource.plural }, size);
    },
  });
  const ages: Gauge = new Gauge({
    name: "millrace_watch_age_seconds",
    help: "How long ago what is held of a resource was last known to be right; 0 while it is watched.",
    labelNames: ["resource"],
    registers,
    collect() {
      for (const { resource, oldestMs } of caches()) {
        if (oldestMs !== undefined) ages.set({ resource: resource.plural }, oldestMs / 1_000);
      }
    },
  });
  return {
    victims: (result, count = 1) => victims.inc({ result }, count),
    watchFailed: ({ plural }, { code }) => failures.inc({ resource: plural, reason: code }),
  };
};

import { setImmediate } from "node:timers/promises";
import type { Registry } from "prom-client";

/**
 * What Prometheus scrapes: the same text as the registry's own, written one metric a turn of the event loop, so that
 * some megabytes of it do not hold up cycles, leases and probes.
 */
export async function exposition(registry: Registry): Promise<string> {
  const texts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    texts.push(await registry.getSingleMetricAsString(name));
    await setImmediate();
  }
  return `${texts.join("\n\n")}\n`;
}

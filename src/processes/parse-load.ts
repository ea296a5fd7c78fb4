import type { ReplicaLoad } from "./choose-victims.ts";

const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{.*\})?\s+(\S+)/;

/** Reads what a replica runs from its metrics page (Prometheus text format); undefined when the page does not say. */
export const parseLoad = (
  page: string,
  names: { readonly running: string; readonly oldestStart: string },
): ReplicaLoad | undefined => {
  let running: number | undefined;
  let oldestStartSeconds: number | undefined;
  for (const line of page.split("\n")) {
    const [, name, text] = sample.exec(line) ?? [];
    const value = Number(text);
    if (name === names.running && Number.isFinite(value)) running = (running ?? 0) + value;
    if (name === names.oldestStart && value > 0)
      oldestStartSeconds = Math.min(value, oldestStartSeconds ?? Infinity);
  }
  if (running === undefined) return undefined;
  return oldestStartSeconds === undefined ? { running } : { running, oldestStartSeconds };
};

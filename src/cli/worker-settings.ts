import type { RunWorkerOptions } from "../../kit/src/worker/run-worker.ts";
import type { WorkerFlags } from "./worker-flags.ts";

/** The part of the flags that are numbers or choices. */
export type WorkerNumbers = Pick<
  RunWorkerOptions,
  "concurrency" | "drainSeconds" | "heartbeatSeconds" | "metricsPort" | "objectiveWaitSeconds" | "topology"
>;

/**
 * Adds to `problems` each flag that is no number or no choice, and leaves it at its default, so that the others can
 * still be checked. Ranges are the kit's to check.
 */
export function parseWorkerFlags(flags: WorkerFlags, problems: string[]): WorkerNumbers {
  const numberOf = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isFinite(value)) return value;
    problems.push(`${name}: expected a number, got "${text}"`);
    return undefined;
  };
  const numbersOf = (name: string, texts: readonly string[] | undefined): readonly number[] =>
    (texts ?? []).map((text) => numberOf(name, text)).filter((value) => value !== undefined);
  const queueType = queueTypeOf(problems, flags.queueType);
  const steps = numbersOf("--delay-steps", flags.delaySteps);
  return {
    ...defined({
      concurrency: numberOf("--concurrency", flags.concurrency),
      drainSeconds: numberOf("--drain-seconds", flags.drainSeconds),
      heartbeatSeconds: numberOf("--heartbeat-seconds", flags.heartbeatSeconds),
      metricsPort: numberOf("--metrics-port", flags.metricsPort),
    }),
    objectiveWaitSeconds: numbersOf("--objective-wait-seconds", flags.objectiveWaitSeconds),
    topology: defined({
      prefix: flags.prefix,
      queueType,
      delayStepsMs: steps.length === 0 ? undefined : steps.map((seconds) => Math.round(seconds * 1_000)),
      deliveryLimit: numberOf("--delivery-limit", flags.deliveryLimit),
      maxLength: numberOf("--max-length", flags.maxLength),
    }),
  };
}

function queueTypeOf(problems: string[], text: string | undefined): "quorum" | "classic" | undefined {
  if (text === undefined || text === "quorum" || text === "classic") return text;
  problems.push(`--queue-type: expected quorum or classic, got "${text}"`);
  return undefined;
}

/** Without the keys that have no value. */
export function defined<const T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  // Only keys without a value are gone, which the type says too.
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

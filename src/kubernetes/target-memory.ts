import { type TargetRef, targetKey } from "../operator/ports.ts";
import { RestartCount } from "./restart-count.ts";
import type { Scale } from "./scale.ts";
import { StartupTimes } from "./startup-times.ts";
import { isAtLeast, type Workload } from "./workload.ts";

/** What is remembered of one target between two looks. */
export class TargetMemory {
  readonly startups = new StartupTimes();
  readonly restarts = new RestartCount();
  readonly #notices = new Map<string, string>();
  #written: { readonly replicas: number; readonly resourceVersion: string } | undefined;
  #absentSinceMs: number | undefined;

  /** Said with every look from now on, until the same topic is given another sentence or none. */
  say(topic: "victims" | "protection", sentence: string | undefined): void {
    if (sentence === undefined) this.#notices.delete(topic);
    else this.#notices.set(topic, sentence);
  }

  get notices(): readonly string[] {
    return [...this.#notices.values()];
  }

  /** A change of ours, as the API server answered it. */
  noteWritten({ spec, metadata }: Scale): void {
    this.#written = { replicas: spec?.replicas ?? 0, resourceVersion: metadata.resourceVersion };
  }

  /** The count as it is now: our own last change may not have come back through the watch yet. */
  desiredOf({ desired, resourceVersion }: Workload): number {
    if (this.#written !== undefined && isAtLeast(resourceVersion, this.#written.resourceVersion))
      this.#written = undefined;
    return this.#written?.replicas ?? desired;
  }

  /** For how long pods that could be there have been absent; 0 when none is. */
  absentForMs(count: number, nowMs: number): number {
    this.#absentSinceMs = count === 0 ? undefined : (this.#absentSinceMs ?? nowMs);
    return Math.max(0, nowMs - (this.#absentSinceMs ?? nowMs));
  }
}

/** Far above the number of autoscalers one operator is made for. */
const maxTargets = 20_000;

/** One memory for each target; of too many, those not asked about for the longest time are forgotten. */
export class TargetMemories {
  readonly #memories = new Map<string, TargetMemory>();

  of(target: TargetRef): TargetMemory {
    const key = targetKey(target);
    const memory = this.#memories.get(key) ?? new TargetMemory();
    this.#memories.delete(key);
    this.#memories.set(key, memory);
    const [oldest] = this.#memories.keys();
    if (this.#memories.size > maxTargets && oldest !== undefined) this.#memories.delete(oldest);
    return memory;
  }
}

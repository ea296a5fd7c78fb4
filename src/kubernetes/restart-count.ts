import type { WatchedPod } from "./watched-pod.ts";

/** Restarts of a target's containers since it was first looked at; only grows, whatever pods come and go. */
export class RestartCount {
  #total = 0;
  /** Of the pods of the last look, by uid; undefined before the first. */
  #last: ReadonlyMap<string, number> | undefined;

  /** `pods`: all of the target's. Answers with the count. */
  note(pods: readonly WatchedPod[]): number {
    for (const { uid, restarts } of pods) {
      // A pod that is new since the last look has restarted since then; before the first look nobody counted.
      const before = this.#last === undefined ? restarts : (this.#last.get(uid) ?? 0);
      this.#total += Math.max(0, restarts - before);
    }
    this.#last = new Map(pods.map(({ uid, restarts }) => [uid, restarts]));
    return this.#total;
  }
}

import type { Logger } from "../../kit/src/logger.ts";
import type { Change } from "./list-watch.ts";
import type { WatchedPod } from "./watched-pod.ts";

/** hit: it was chosen. miss: another ready pod went instead. unready: one that was not ready, which always goes first. */
export type VictimResult = "hit" | "miss" | "unready";

export type VictimCheck = {
  /** The ReplicaSet's uid. */
  readonly controller: string;
  readonly chosen: readonly WatchedPod[];
  readonly removedCount: number;
  /** Called once, when as many pods went as should, or the time is over; not when a later check took its place. */
  readonly settle: (survivors: readonly string[]) => void;
};

type Running = VictimCheck & {
  readonly awaited: Map<string, WatchedPod>;
  left: number;
  readonly timer: NodeJS.Timeout;
};

const settledAfterMs = 30_000;

/** Watches who really goes after a scale-in; at most one check for each ReplicaSet. */
export class VictimChecks {
  readonly #onResult: (result: VictimResult) => void;
  readonly #logger: Logger;
  readonly #running = new Map<string, Running>();

  constructor(onResult: (result: VictimResult) => void, logger: Logger) {
    this.#onResult = onResult;
    this.#logger = logger;
  }

  /** Before the count is lowered, as the first pod may go before the answer is here. Returns what calls it off. */
  begin(check: VictimCheck): () => void {
    this.#end(check.controller);
    const running: Running = {
      ...check,
      awaited: new Map(check.chosen.map((pod) => [pod.uid, pod])),
      left: check.removedCount,
      timer: setTimeout(() => this.#settle(running), settledAfterMs),
    };
    this.#running.set(check.controller, running);
    return () => {
      if (this.#running.get(check.controller) === running) this.#end(check.controller);
    };
  }

  note({ before, now }: Change<WatchedPod>): void {
    const goes = before !== undefined && !before.isDeleting && now?.isDeleting !== false;
    if (!goes || before.controller === undefined) return;
    const check = this.#running.get(before.controller.uid);
    if (check === undefined) return;
    const wasChosen = check.awaited.delete(before.uid);
    const result = wasChosen ? "hit" : before.readyAtMs === undefined ? "unready" : "miss";
    this.#onResult(result);
    if (result === "miss")
      this.#logger.warn(
        { namespace: before.namespace, pod: before.name },
        "the ReplicaSet removed another pod than the chosen ones",
      );
    check.left -= 1;
    if (check.left <= 0) this.#settle(check);
  }

  stop(): void {
    for (const controller of this.#running.keys()) this.#end(controller);
  }

  #settle(check: Running): void {
    this.#end(check.controller);
    check.settle([...check.awaited.values()].map(({ name }) => name));
  }

  #end(controller: string): void {
    clearTimeout(this.#running.get(controller)?.timer);
    this.#running.delete(controller);
  }
}

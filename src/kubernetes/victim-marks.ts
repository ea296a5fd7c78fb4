import type { Logger } from "../../kit/src/logger.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { inParallel } from "./in-parallel.ts";
import { changeAnnotations, readPod } from "./pod-annotations.ts";
import { DELETION_COST, OUR_COST, type WatchedPod } from "./watched-pod.ts";

/** The least that the annotation takes (int32): before all that have another cost. */
const victimCost = "-2147483648";
const writesAtATime = 12;

export type Marking = {
  /** They go first now. */
  readonly marked: readonly WatchedPod[];
  /** Their deletion cost is another writer's, and was left alone. */
  readonly foreign: readonly WatchedPod[];
  /** Why others could not be marked. */
  readonly problem: string | undefined;
};

/** The cost is ours only while it equals the copy beside it: whoever overwrites it takes it over. */
export const isOurs = ({ annotations }: WatchedPod): boolean =>
  annotations[OUR_COST] !== undefined && annotations[OUR_COST] === annotations[DELETION_COST];

const isForeign = (pod: WatchedPod): boolean => pod.annotations[DELETION_COST] !== undefined && !isOurs(pod);

/** Lowers the deletion cost of pods, so that their ReplicaSet removes them before others, and puts it back. */
export class VictimMarks {
  readonly #client: ClusterClient;
  readonly #logger: Logger;

  constructor(client: ClusterClient, logger: Logger) {
    this.#client = client;
    this.#logger = logger;
  }

  async mark(pods: readonly WatchedPod[], signal: AbortSignal): Promise<Marking> {
    const marked: WatchedPod[] = [];
    const foreign: WatchedPod[] = [];
    let problem: string | undefined;
    await inParallel(pods, writesAtATime, async (pod) => {
      // By now it may be another writer's.
      let taken = false;
      try {
        const isThere = await changeAnnotations(this.#client, pod, {
          signal,
          decide: (current) => {
            taken = isForeign(current);
            // Written even where it seems to be there: what was seen may have been taken back since.
            return taken ? undefined : { [DELETION_COST]: victimCost, [OUR_COST]: victimCost };
          },
        });
        if (isThere) (taken ? foreign : marked).push(pod);
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    });
    return { marked, foreign, problem };
  }

  /** Takes our cost away again, by the pods as they are now. What cannot be written is put right before the next scale-in. */
  async clear(pods: readonly WatchedPod[], signal: AbortSignal): Promise<void> {
    const decide = (pod: WatchedPod) =>
      isOurs(pod) ? { [DELETION_COST]: null, [OUR_COST]: null } : undefined;
    await inParallel(pods, writesAtATime, async (pod) => {
      try {
        const current = await readPod(this.#client, pod, signal);
        if (current !== undefined) await changeAnnotations(this.#client, current, { signal, decide });
      } catch (error) {
        this.#logger.info({ pod: pod.name, err: error }, "a deletion cost was not taken back");
      }
    });
  }
}

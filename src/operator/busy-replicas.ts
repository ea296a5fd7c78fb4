import type { Replica } from "./ports.ts";

/** A job this long is worth protecting; shorter ones would only make writes. */
const busyForMs = 10_000;
/** Between two jobs a replica stays protected. */
const idleForMs = 30_000;

type Seen = { readonly busySinceMs: number; readonly idleSinceMs: number | undefined };

/** Replicas at work on long jobs, so that node consolidation can be kept away from them: at most as many as are ready. */
export class BusyReplicas {
  #seen: ReadonlyMap<string, Seen> = new Map();

  /** `idle`: those that run nothing. Undefined when that cannot be told: then all are busy while anything is in progress. */
  note(
    replicas: readonly Replica[],
    idle: readonly string[] | undefined,
    { inProgress, nowMs }: { readonly inProgress: boolean; readonly nowMs: number },
  ): readonly string[] {
    const idleNow = new Set(idle ?? (inProgress ? [] : replicas.map(({ id }) => id)));
    const seen = replicas.flatMap(({ id }): (readonly [string, Seen])[] => {
      const before = this.#seen.get(id);
      if (!idleNow.has(id)) {
        return [[id, { busySinceMs: before?.busySinceMs ?? nowMs, idleSinceMs: undefined }]];
      }
      const idleSinceMs = before?.idleSinceMs ?? nowMs;
      const isKept = before !== undefined && isLong(before, idleSinceMs) && nowMs - idleSinceMs < idleForMs;
      return isKept ? [[id, { busySinceMs: before.busySinceMs, idleSinceMs }]] : [];
    });
    this.#seen = new Map(seen);
    return seen.filter(([, one]) => isLong(one, one.idleSinceMs ?? nowMs)).map(([id]) => id);
  }
}

const isLong = ({ busySinceMs }: Seen, untilMs: number): boolean => untilMs - busySinceMs >= busyForMs;

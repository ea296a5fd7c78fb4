/** Which replica of which pool, and when (Unix ms). */
type Common = {
  readonly namespace: string;
  readonly pool: string;
  readonly replica: string;
  readonly atMs: number;
};

/** What happens to replicas, in order. Feeds the account file, the log, the metrics and the tests. */
export type PoolEvent =
  | (Common & { readonly kind: "created" })
  /** The process runs. `sinceCreatedMs` is the scheduling part of the start-up, without restarts' waiting. */
  | (Common & {
      readonly kind: "spawned";
      readonly pid: number;
      readonly address: string;
      readonly sinceCreatedMs: number;
    })
  /** Its readiness answered 200 for the first time. */
  | (Common & { readonly kind: "ready"; readonly pid: number; readonly sinceSpawnedMs: number })
  /** Got SIGTERM. `because` says why this one was chosen. */
  | (Common & { readonly kind: "draining"; readonly pid: number; readonly because: string })
  /** Outlived its grace and got SIGKILL. */
  | (Common & { readonly kind: "killed"; readonly pid: number })
  | (Common & {
      readonly kind: "exited";
      readonly pid: number;
      readonly spawnedAtMs: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      /** False: nobody asked it to end, it crashed. */
      readonly asked: boolean;
    })
  /** Crashed, or could not be started at all; the next start follows after `delayMs`. */
  | (Common & {
      readonly kind: "restarting";
      readonly because: string;
      readonly crashes: number;
      readonly delayMs: number;
    });

type Special<E> = E extends PoolEvent ? Omit<E, keyof Common> : never;
/** An event without the place and time that all events have. */
export type Happening = Special<PoolEvent>;

import { setTimeout as delay } from "node:timers/promises";

export type Patience = {
  readonly withinMs: number;
  /** Between two looks; default 200. */
  readonly everyMs?: number;
};

/** Looks until `fits`; answers with what fitted, or rejects with `what` and the last look. */
export const eventually = async <T>(
  what: string,
  look: () => T | Promise<T>,
  fits: (seen: T) => boolean,
  { withinMs, everyMs = 200 }: Patience,
): Promise<T> => {
  const until = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (fits(seen)) return seen;
    if (Date.now() > until)
      throw new Error(`not in ${withinMs} ms: ${what}; at last ${JSON.stringify(seen)}`);
    await delay(everyMs);
  }
};

import type { QueueRef } from "../operator/ports.ts";
import type { Declared } from "./merge-block.ts";
import { missingRetryMs } from "./missing-retry.ts";
import type { Declaration } from "./passive-reader.ts";
import { createRateCap, type RateCap } from "./rate-cap.ts";

/** A queue that the broker says it does not have, or does not tell of. */
export type Absence = { readonly kind: "missing" } | { readonly kind: "refused"; readonly because: string };

type Queue = {
  askedAtMs: number;
  /** When a declare was last sent, for the fairness of the rate cap. */
  declaredAtMs: number;
  declared: Declared | undefined;
  absent: Absence | undefined;
};

/** A queue that nobody asked about for so long is forgotten. */
const forgetAfterMs = 10 * 60_000;
/** What is refused changes rarely. */
const refusedRetryMs = 5_000;

/** What passive declares told of one broker's queues, and which are to be declared next. */
export class QueueTable {
  readonly #nowMs: () => number;
  readonly #cap: RateCap;
  readonly #queues = new Map<string, Queue>();

  constructor(maxDeclaresPerSecond: number, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#cap = createRateCap(maxDeclaresPerSecond);
  }

  /** Those to be declared now, within the rate cap: the longest unasked first. A queue known to be missing waits its time. */
  due(refs: readonly QueueRef[]): readonly QueueRef[] {
    const nowMs = this.#nowMs();
    const queues = refs.map((ref) => ({ ref, queue: this.#of(ref.key) }));
    for (const { queue } of queues) queue.askedAtMs = nowMs;
    const missingMs = missingRetryMs(queues.filter(({ queue }) => queue.absent?.kind === "missing").length);
    const wanted = queues.filter(({ queue }) => {
      if (queue.absent === undefined) return true;
      return nowMs - queue.declaredAtMs >= (queue.absent.kind === "missing" ? missingMs : refusedRetryMs);
    });
    const allowed = this.#cap.take(wanted.length, nowMs);
    const first =
      allowed === wanted.length
        ? wanted
        : wanted.toSorted((a, b) => a.queue.declaredAtMs - b.queue.declaredAtMs).slice(0, allowed);
    return first.map(({ ref }) => ref);
  }

  /** Says whether the queue went away just now. */
  note(key: string, answer: Declaration): boolean {
    const queue = this.#of(key);
    queue.declaredAtMs = this.#nowMs();
    const wasAbsent = queue.absent !== undefined;
    queue.declared = answer.kind === "known" ? answer : undefined;
    queue.absent = answer.kind === "known" ? undefined : answer;
    return queue.absent !== undefined && !wasAbsent;
  }

  /** It was asked for and no answer came: what was told before is over. Whether it is absent stays as it was. */
  unanswered(key: string): void {
    const queue = this.#of(key);
    queue.declaredAtMs = this.#nowMs();
    queue.declared = undefined;
  }

  declared(key: string): Declared | undefined {
    return this.#queues.get(key)?.declared;
  }

  absence(key: string): Absence | undefined {
    return this.#queues.get(key)?.absent;
  }

  /** Forgets what nobody asks about any more; answers with the keys. */
  forget(): readonly string[] {
    const beforeMs = this.#nowMs() - forgetAfterMs;
    const gone = [...this.#queues].flatMap(([key, { askedAtMs }]) => (askedAtMs < beforeMs ? [key] : []));
    for (const key of gone) this.#queues.delete(key);
    return gone;
  }

  #of(key: string): Queue {
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const queue = { askedAtMs: 0, declaredAtMs: 0, declared: undefined, absent: undefined };
    this.#queues.set(key, queue);
    return queue;
  }
}

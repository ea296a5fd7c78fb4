import { patience, within } from "../credentials/within.ts";
import type { QueueRef } from "../operator/ports.ts";
import { PassiveReader } from "./passive-reader.ts";
import type { QueueTable } from "./queue-table.ts";
import type { RenewedLinkOptions } from "./renewed-link.ts";

export type VhostReaderOptions = RenewedLinkOptions & {
  readonly table: QueueTable;
  /** A queue that was there is not any more. */
  readonly onGone: (key: string) => void;
};

/** How long a caller waits for a vhost that answered the last time: others must not wait for one that hangs. */
const patienceMs = 1_000;
/** And for one that did not; what it answers later is told at the next read. */
const patienceWithTroubleMs = 50;

/** The queues of one vhost. What it answers goes into the table, also after the caller has gone. */
export class VhostReader {
  readonly #options: VhostReaderOptions;
  readonly #reader: PassiveReader;
  #round: Promise<void> | undefined;
  #isTroubled = false;
  #problem: Error | "silent" | undefined;
  askedAtMs = 0;

  constructor(options: VhostReaderOptions) {
    this.#options = options;
    this.#reader = new PassiveReader(options);
  }

  /** Why there are answers missing; "silent" when none came in time. */
  get problem(): Error | "silent" | undefined {
    return this.#reader.failure ?? this.#problem;
  }

  start(): Promise<void> {
    return this.#reader.start();
  }

  async stop(): Promise<void> {
    await this.#reader.stop();
    await this.#round;
  }

  /** Never rejects. Resolves once all have answered, or the caller's or our own patience has ended. */
  async read(refs: readonly QueueRef[], signal: AbortSignal): Promise<void> {
    if (refs.length === 0) return;
    const wasTroubled = this.#isTroubled;
    const isNew = this.#round === undefined;
    const answered = { count: 0 };
    this.#round ??= this.#ask(refs, answered);
    const enough = patience(wasTroubled ? patienceWithTroubleMs : patienceMs);
    if ((await within(this.#round, AbortSignal.any([signal, enough]))) !== "aborted") return;
    this.#problem = "silent";
    this.#isTroubled = true;
    if (isNew && !wasTroubled && answered.count === 0) this.#unanswered(refs);
  }

  async #ask(refs: readonly QueueRef[], answered: { count: number }): Promise<void> {
    const { table, onGone } = this.#options;
    const beganMs = performance.now();
    const keys = new Map(refs.map(({ name, key }) => [name, key]));
    const { problem } = await this.#reader.ask({
      queues: [...keys.keys()],
      onAnswer: (name, answer) => {
        answered.count += 1;
        const key = keys.get(name);
        if (key !== undefined && table.note(key, answer)) onGone(key);
      },
    });
    // One that answers, only slowly, is told as it was, with its age.
    if (answered.count === 0) this.#unanswered(refs);
    this.#problem = problem;
    this.#isTroubled = problem !== undefined || performance.now() - beganMs > patienceMs;
    this.#round = undefined;
  }

  #unanswered(refs: readonly QueueRef[]): void {
    for (const { key } of refs) this.#options.table.unanswered(key);
  }
}

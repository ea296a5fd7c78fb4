import { type NotedSource, sourceNote } from "./source-note.ts";

type Followed = {
  /** When it last told all. */
  readonly toldMs: number | undefined;
  readonly silence: { readonly fromMs: number; readonly because: string } | undefined;
};

/** Which sources do not tell all from cycle to cycle. The fast path asks for a part only, and says nothing here. */
export class SourceSilences {
  readonly #staleAfterMs: number;
  readonly #followed = new Map<NotedSource, Followed>();

  constructor(staleAfterSeconds: number) {
    this.#staleAfterMs = staleAfterSeconds * 1_000;
  }

  /** One answer to a cycle; `problem` is why it was not all. */
  note(source: NotedSource, problem: string | undefined, nowMs: number): void {
    const { toldMs, silence } = this.#followed.get(source) ?? { toldMs: undefined, silence: undefined };
    this.#followed.set(
      source,
      problem === undefined
        ? { toldMs: nowMs, silence: undefined }
        : { toldMs, silence: { fromMs: silence?.fromMs ?? nowMs, because: problem } },
    );
  }

  /** A sentence for each that has been silent for so long that what it told last is not used any more. */
  notes(nowMs: number): readonly string[] {
    return [...this.#followed].flatMap(([source, { toldMs, silence }]) =>
      silence === undefined || nowMs - (toldMs ?? silence.fromMs) <= this.#staleAfterMs
        ? []
        : [sourceNote(source, { toldMs, because: silence.because })],
    );
  }
}

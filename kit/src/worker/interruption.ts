import type { AbortReason } from "../job/outcome.ts";

/** The abort of one job. Its signal is made when the handler asks for it: most never do, and one costs as much as the rest. */
export class Interruption {
  #reason: AbortReason | undefined;
  #controller: AbortController | undefined;
  #listener: (() => void) | undefined;

  /** Undefined until it is aborted. */
  get reason(): AbortReason | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** The first reason counts. */
  abort(reason: AbortReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#listener?.();
  }

  /** Called once it is aborted, at once when it is already. One listener at a time. */
  onAbort(listener: (() => void) | undefined): void {
    this.#listener = listener;
    if (this.#reason !== undefined) listener?.();
  }
}

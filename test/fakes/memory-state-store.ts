import type { SavedState, StateStore } from "../../src/operator/state-store.ts";

/** State that outlives an operator, not the test; through JSON, as on a disk. */
export class MemoryStateStore implements StateStore {
  saves = 0;
  /** Set: saving is refused with it. */
  refusal: Error | undefined;
  /** Set: saving never ends. */
  hangs = false;
  #text = "{}";

  get state(): SavedState {
    return JSON.parse(this.#text);
  }

  load(): Promise<{ readonly state: SavedState }> {
    return Promise.resolve({ state: this.state });
  }

  save(state: SavedState): Promise<void> {
    if (this.hangs) return new Promise(() => {});
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    this.saves += 1;
    this.#text = JSON.stringify(state);
    return Promise.resolve();
  }
}

import { expect, test } from "vitest";
import type { SavedState, StateStore } from "../../src/operator/state-store.ts";

/** Two states that differ. */
type States = { readonly earlier: SavedState; readonly later: SavedState };

/** What every StateStore does, wherever it keeps the state. `setup` gives one that has never been used. */
export function describeStateStore(setup: () => StateStore, { earlier, later }: States): void {
  test("a store that was never used holds nothing and has nothing to say", async () => {
    expect(await setup().load()).toEqual({ state: {} });
  });

  test("what was saved last is what comes back", async () => {
    const store = setup();
    await store.save(earlier);
    await store.save(later);
    expect(await store.load()).toEqual({ state: later });
  });

  test("a state that came back is a copy", async () => {
    const store = setup();
    await store.save(earlier);
    expect((await store.load()).state).not.toBe((await store.load()).state);
  });
}

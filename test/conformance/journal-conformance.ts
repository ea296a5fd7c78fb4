import { expect, test } from "vitest";
import type { Journal, JournalEntry } from "../../src/operator/ports.ts";

export type JournalUnderTest = {
  readonly journal: Journal;
  /** An account of one autoscaler with something to save, of another one at each call. */
  readonly entry: () => Promise<JournalEntry>;
  /** Resolves when what was reported can be asked for. */
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** What every Journal does, wherever it keeps the account. */
export function describeJournal(setup: () => Promise<JournalUnderTest>): void {
  const withJournal = (body: (under: JournalUnderTest) => Promise<void>) => async () => {
    const under = await setup();
    try {
      await body(under);
    } finally {
      await under.close();
    }
  };

  test(
    "an autoscaler that was never reported has nothing saved",
    withJournal(async ({ journal, entry }) => {
      expect(journal.saved((await entry()).resource)).toBeUndefined();
    }),
  );

  test(
    "what was saved comes back: the count, what was learned, and which target it was for",
    withJournal(async ({ journal, entry, settle }) => {
      const one = await entry();
      journal.report(one);
      await settle();
      const saved = journal.saved(one.resource);
      expect(saved).toMatchObject({ target: one.saved?.target, count: one.saved?.count });
      expect(saved?.control).toEqual(one.saved?.control);
    }),
  );

  test(
    "the account of one autoscaler is not that of another",
    withJournal(async ({ journal, entry, settle }) => {
      const [one, other] = [await entry(), await entry()];
      journal.report(one);
      await settle();
      expect(journal.saved(other.resource)).toBeUndefined();
    }),
  );
}

import type { Journal, JournalEntry, SavedAutoscaler } from "../../src/operator/ports.ts";
import type { WorkerAutoscaler } from "../../src/resource/worker-autoscaler.ts";

/** Keeps every entry, and gives back what was saved last; through JSON, as in a status. */
export class MemoryJournal implements Journal {
  readonly entries: JournalEntry[] = [];
  readonly #saved = new Map<string, string>();

  report(entry: JournalEntry): void {
    this.entries.push(entry);
    if (entry.saved !== undefined) this.#saved.set(keyOf(entry.resource), JSON.stringify(entry.saved));
  }

  saved(resource: WorkerAutoscaler): SavedAutoscaler | undefined {
    const text = this.#saved.get(keyOf(resource));
    return text === undefined ? undefined : JSON.parse(text);
  }
}

const keyOf = ({ metadata }: WorkerAutoscaler): string => `${metadata.namespace}/${metadata.name}`;

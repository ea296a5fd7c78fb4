import type { Change } from "./list-watch.ts";

/** Objects by a property of theirs, kept up to date by the changes of a cache. */
export class ChangeIndex<T> {
  readonly #keyOf: (item: T) => string | undefined;
  readonly #byKey = new Map<string, Map<string, T>>();

  constructor(keyOf: (item: T) => string | undefined) {
    this.#keyOf = keyOf;
  }

  apply({ key: id, before, now }: Change<T>): void {
    const from = before === undefined ? undefined : this.#keyOf(before);
    const to = now === undefined ? undefined : this.#keyOf(now);
    if (from !== undefined && from !== to) {
      const items = this.#byKey.get(from);
      items?.delete(id);
      if (items?.size === 0) this.#byKey.delete(from);
    }
    if (to === undefined || now === undefined) return;
    const items = this.#byKey.get(to) ?? new Map<string, T>();
    this.#byKey.set(to, items.set(id, now));
  }

  with(key: string): readonly T[] {
    return [...(this.#byKey.get(key)?.values() ?? [])];
  }
}

/** What a person should know of a conversion, about one field. */
export type Note = {
  readonly kind: NoteKind;
  /** The ScaledObject's field as people write it, `spec.triggers[0].metadata.value`, or the WorkerAutoscaler's for what was added. */
  readonly field: string;
  readonly message: string;
};
/**
 * derived: computed from what the ScaledObject says. chosen: it says nothing of it; look at it. changed: means something
 * else than it did. "no-equal": left out. "to-do": belongs somewhere else than into the resource.
 */
export type NoteKind = "derived" | "chosen" | "changed" | "no-equal" | "to-do";

/** Takes notes in the order in which they are made. */
export class Notes {
  readonly #list: Note[] = [];

  add(kind: NoteKind, field: string, message: string): void {
    this.#list.push({ kind, field, message });
  }

  get list(): readonly Note[] {
    return this.#list;
  }
}

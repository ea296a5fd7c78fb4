import type { Lease } from "../../src/operator/ports.ts";

/** A lease that is given and taken by hand. */
export class MemoryLease implements Lease {
  isHeld: boolean;
  isOverdue = false;
  holder: string | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor({ isHeld }: { readonly isHeld: boolean }) {
    this.isHeld = isHeld;
  }

  onGained(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Held from now on, and whoever waits for it is told. */
  gain(): void {
    this.isHeld = true;
    for (const listener of this.#listeners) listener();
  }
}

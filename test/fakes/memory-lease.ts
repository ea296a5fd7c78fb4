import type { Lease } from "../../src/operator/ports.ts";

/** A lease that is given and taken by hand. */
export class MemoryLease implements Lease {
  isHeld: boolean;

  constructor({ isHeld }: { readonly isHeld: boolean }) {
    this.isHeld = isHeld;
  }
}

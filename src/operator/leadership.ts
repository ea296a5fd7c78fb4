import type { Logger } from "../../kit/src/logger.ts";
import type { Lease } from "./ports.ts";

/** Whether this operator may act, and what to do when that changes. Without a lease it always may. */
export class Leadership {
  readonly #lease: Lease | undefined;
  readonly #deps: { readonly logger: Logger; readonly onChange: () => void };
  #wasHeld = false;

  constructor(lease: Lease | undefined, deps: { readonly logger: Logger; readonly onChange: () => void }) {
    this.#lease = lease;
    this.#deps = deps;
  }

  get isHeld(): boolean {
    return this.#lease?.isHeld ?? true;
  }

  /** Who leads, as far as this one knows. */
  get holder(): string | undefined {
    return this.#lease?.holder;
  }

  /** The one that leads does not answer: this one may soon lead. */
  get isNear(): boolean {
    return this.#lease?.isOverdue ?? false;
  }

  /** Asked before every look: what another operator decided in between must be read, and what was known before is no longer so. */
  check(): boolean {
    if (this.#lease === undefined) return true;
    const { isHeld } = this.#lease;
    if (isHeld === this.#wasHeld) return isHeld;
    this.#wasHeld = isHeld;
    this.#deps.onChange();
    this.#deps.logger.info({}, isHeld ? "operator leads" : "operator follows");
    return isHeld;
  }
}

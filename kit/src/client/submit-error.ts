/**
 * - payload-invalid: it does not fit the contract; correct it
 * - unavailable: the broker or the gateway is away or blocked, nothing was submitted; try again later
 * - queue-full: refused, nothing was submitted; try again later
 * - unroutable: there is no such queue or job type
 * - outcome-unknown: no answer came; it may or may not have been submitted. The same id again does no harm with a
 *   handler that may run twice.
 * - refused: the gateway refused it for another reason, which the message tells
 */
export type SubmitErrorCode =
  | "payload-invalid"
  | "unavailable"
  | "queue-full"
  | "unroutable"
  | "outcome-unknown"
  | "refused";

/** A job was not submitted, or perhaps not. */
export class SubmitError extends Error {
  override readonly name = "SubmitError";
  readonly code: SubmitErrorCode;
  /** The job's id where it had one. */
  readonly id: string | undefined;

  constructor(code: SubmitErrorCode, message: string, options: ErrorOptions & { readonly id?: string } = {}) {
    super(message, options);
    this.code = code;
    this.id = options.id;
  }
}

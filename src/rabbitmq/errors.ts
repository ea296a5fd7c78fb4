/**
 * - unreachable: no connection, or no answer in time
 * - credentials: cannot be had, or are refused
 * - no-permission: logged in, but may not see this
 * - vhost-missing
 * - not-the-api: something else answers at that address
 * - failing: an error of the broker's
 * - too-much: more than is read
 */
export type ManagementErrorCode =
  | "unreachable"
  | "credentials"
  | "no-permission"
  | "vhost-missing"
  | "not-the-api"
  | "failing"
  | "too-much";

/** The management API gave no usable answer; the message says why and what to do, without naming the API itself. */
export class ManagementError extends Error {
  override readonly name = "ManagementError";
  readonly code: ManagementErrorCode;

  constructor(code: ManagementErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

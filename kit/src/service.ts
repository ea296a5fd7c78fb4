/**
 * Anything that lives longer than a call.
 *
 * `start()` resolves once the service is ready for use, or rejects with nothing left running.
 * `stop()` may be called before start, during it, and more than once; it is bounded in time, ends its parts in
 * the reverse order of their start, and joins their errors into one.
 */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

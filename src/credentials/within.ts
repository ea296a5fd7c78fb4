/** What the work resolves with, or "aborted" if the signal comes first; the work itself goes on. */
export const within = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T | "aborted"> => {
  if (signal.aborted) return "aborted";
  const { promise, resolve } = Promise.withResolvers<"aborted">();
  const onAbort = (): void => resolve("aborted");
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
};

/** Aborts after so many ms, once what had arrived by then was read: a process that stood still hears of its timers before that. */
export const patience = (ms: number): AbortSignal => {
  const ended = new AbortController();
  setTimeout(() => setImmediate(() => ended.abort()), ms).unref();
  return ended.signal;
};

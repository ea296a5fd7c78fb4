/** Settles as the promise does, or rejects with the signal's reason when that comes first. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(asError(signal.reason));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => {}); // its end no longer matters once the signal has won
  }
}

/** Whatever was thrown, or given as the reason of an abort. */
export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

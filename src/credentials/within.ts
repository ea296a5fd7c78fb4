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

/** Resolves when `isSo` answers true, or after `atMostMs`, or when the signal aborts; never rejects. */
export const waitUntil = async (
  isSo: () => boolean,
  {
    everyMs,
    atMostMs,
    signal,
  }: { readonly everyMs: number; readonly atMostMs: number; readonly signal: AbortSignal },
): Promise<void> => {
  for (let waitedMs = 0; waitedMs < atMostMs && !signal.aborted && !isSo(); waitedMs += everyMs)
    await new Promise((resolve) => setTimeout(resolve, everyMs));
};

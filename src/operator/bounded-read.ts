/** One question at a time to one source, each with a deadline that holds even when the source ignores its signal. */
export class BoundedRead<T> {
  #askedAtMs: number | undefined;

  /** Answers undefined when the deadline passed, the source rejected, or it still works on an earlier question. */
  async read(
    ask: (signal: AbortSignal) => Promise<T>,
    { deadlineMs, onProblem }: { readonly deadlineMs: number; readonly onProblem: (problem: string) => void },
  ): Promise<T | undefined> {
    // A source that never lets go of a question must not be blind for ever.
    const isBusy = this.#askedAtMs !== undefined && performance.now() - this.#askedAtMs < 10 * deadlineMs;
    if (isBusy) {
      onProblem("still answering the last question");
      return undefined;
    }
    const askedAtMs = performance.now();
    this.#askedAtMs = askedAtMs;
    const controller = new AbortController();
    const asked = Promise.resolve()
      .then(() => ask(controller.signal))
      .finally(() => {
        if (this.#askedAtMs === askedAtMs) this.#askedAtMs = undefined;
      });
    const late = Promise.withResolvers<undefined>();
    const giveUp = (): void => {
      onProblem(`no answer in ${deadlineMs} ms`);
      controller.abort();
      late.resolve(undefined);
    };
    let afterReading: NodeJS.Immediate | undefined;
    // A process that stood still hears of its timers before it reads what has arrived.
    const timer = setTimeout(() => {
      afterReading = setImmediate(giveUp);
    }, deadlineMs);
    try {
      return await Promise.race([asked, late.promise]);
    } catch (cause) {
      onProblem(cause instanceof Error ? cause.message : String(cause));
      return undefined;
    } finally {
      clearTimeout(timer);
      clearImmediate(afterReading);
      // A rejection after the deadline has been reported as the deadline.
      asked.catch(() => {});
    }
  }
}

/** What of a process its end needs; `process` in production. */
export type TerminableProcess = {
  on(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  exit(code: number): void;
};

/** A terminal's Ctrl-C reaches a program twice under npm and npx: from the terminal, and forwarded by them. */
const SAME_KEYSTROKE_MS = 500;

/**
 * The name of the first SIGTERM or SIGINT, which asks for a drain. A second one exits with code 1 at once; one of the
 * same name within half a second of the first is still the first.
 *
 * @param nowMs a clock that never goes back
 */
export function untilTerminated(own: TerminableProcess, nowMs: () => number): Promise<"SIGTERM" | "SIGINT"> {
  const { promise, resolve } = Promise.withResolvers<"SIGTERM" | "SIGINT">();
  let first: { readonly signal: string; readonly atMs: number } | undefined;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    own.on(signal, () => {
      const atMs = nowMs();
      if (first === undefined) {
        first = { signal, atMs };
        resolve(signal);
      } else if (signal !== first.signal || atMs - first.atMs > SAME_KEYSTROKE_MS) own.exit(1);
    });
  }
  return promise;
}

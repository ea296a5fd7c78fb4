import { ConfigError } from "../../kit/src/config-error.ts";

/** What a user may set; every time in seconds. */
export type OperatorOptions = {
  /** From the start of one cycle to the start of the next; a slow cycle delays the next. Default 2, 0.1 to 60. */
  readonly cycleSeconds?: number;
  /** A source that has not answered by then is unknown in this cycle. Default 1.5, at most 30. */
  readonly readDeadlineSeconds?: number;
  /** Readings older than this count as unknown. Default 30. */
  readonly staleAfterSeconds?: number;
  /** How many changes, and as many reasons to hold, are kept for each autoscaler, 20,000 in all at most, but 10 for each. Default 100, 100 to 1000. */
  readonly decisionsKept?: number;
};

/** The same, checked and complete. */
export type CompiledOperatorOptions = {
  readonly cyclePeriodMs: number;
  /** From one look at the queues of autoscalers at zero replicas to the next. */
  readonly fastPathPeriodMs: number;
  readonly readDeadlineMs: number;
  readonly staleAfterSeconds: number;
  readonly decisionsKept: number;
  /** Durable state that changed without a decision is written at most this often. */
  readonly saveIntervalMs: number;
  /** A save that takes longer is reported, and nothing waits for it any more. */
  readonly saveDeadlineMs: number;
};

/** Fills in the defaults. Throws a ConfigError that names every value out of range. */
export function compileOperatorOptions(options: OperatorOptions): CompiledOperatorOptions {
  const problems: string[] = [];
  const within = (
    name: keyof OperatorOptions,
    value: number,
    [from, to]: readonly [number, number],
  ): number => {
    if (!(value >= from && value <= to)) problems.push(`${name}: expected ${from} to ${to}, got ${value}`);
    return value;
  };
  const compiled = {
    cyclePeriodMs: within("cycleSeconds", options.cycleSeconds ?? 2, [0.1, 60]) * 1_000,
    fastPathPeriodMs: 500,
    readDeadlineMs: within("readDeadlineSeconds", options.readDeadlineSeconds ?? 1.5, [0.05, 30]) * 1_000,
    staleAfterSeconds: within("staleAfterSeconds", options.staleAfterSeconds ?? 30, [1, 3_600]),
    decisionsKept: within("decisionsKept", options.decisionsKept ?? 100, [100, 1_000]),
    saveIntervalMs: 30_000,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({ ...compiled, saveDeadlineMs: 4 * compiled.readDeadlineMs });
}

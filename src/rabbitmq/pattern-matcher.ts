import { createContext, Script } from "node:vm";
import type { PatternMatch } from "../operator/ports.ts";

/** Queues that one pattern may match: more are as good as a mistake. */
const maxMatches = 100;
/** For one pattern over one list. Some expressions take exponential time; whoever writes them must not stop the operator. */
const timeLimitMs = 200;
/** A pattern that was too slow is not tried again for so long, twice as long each time: a busy machine makes any slow once. */
const firstPauseMs = 5_000;
const longestPauseMs = 10 * 60_000;
const maxSlowPatterns = 1_000;

// In a context of its own because only there can a regular expression be interrupted.
const script = new Script(
  "((whole) => names.filter((name) => whole.test(name)))(new RegExp(`^(?:${pattern})`, 'u'))",
);

export type PatternMatcher = {
  match(pattern: string, names: readonly string[]): PatternMatch;
};

/**
 * Matches a pattern against names of queues: from the beginning of the name, and to its end only where the pattern says
 * `$`. Each list is matched once with each pattern.
 */
export const createPatternMatcher = (nowMs: () => number): PatternMatcher => {
  const context = createContext({ pattern: "", names: [] });
  const matched = new WeakMap<readonly string[], Map<string, PatternMatch>>();
  const slow = new Map<string, { readonly untilMs: number; readonly pauseMs: number }>();

  const pause = (pattern: string): void => {
    const pauseMs = Math.min(longestPauseMs, 2 * (slow.get(pattern)?.pauseMs ?? firstPauseMs / 2));
    if (slow.size >= maxSlowPatterns) slow.clear();
    slow.set(pattern, { untilMs: nowMs() + pauseMs, pauseMs });
  };

  const matchNow = (pattern: string, names: readonly string[]): PatternMatch => {
    if (nowMs() < (slow.get(pattern)?.untilMs ?? -Infinity)) return tooSlow(pattern);
    try {
      Object.assign(context, { pattern, names });
      const found = [...(script.runInContext(context, { timeout: timeLimitMs }) as readonly string[])];
      slow.delete(pattern);
      if (found.length > maxMatches) return { kind: "too-many", count: found.length };
      return { kind: "matched", names: found.toSorted() };
    } catch (error) {
      if (codeOf(error) !== "ERR_SCRIPT_EXECUTION_TIMEOUT") return notRegular(pattern, error);
      pause(pattern);
      return tooSlow(pattern);
    }
  };

  return {
    match(pattern, names) {
      const ofList = matched.get(names) ?? new Map<string, PatternMatch>();
      matched.set(names, ofList);
      const known = ofList.get(pattern) ?? matchNow(pattern, names);
      ofList.set(pattern, known);
      return known;
    },
  };
};

const tooSlow = (pattern: string): PatternMatch => ({
  kind: "unknown",
  because: `pattern ${pattern} takes too long to match: write it without nested repetition, for example ^jobs\\.mail\\.`,
});
const notRegular = (pattern: string, error: unknown): PatternMatch => ({
  kind: "unknown",
  because: `pattern ${pattern} is no regular expression: ${messageOf(error)}`,
});

// An error of another context is no instance of this one's Error.
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
const messageOf = (error: unknown): string => String((error as { message?: unknown }).message);

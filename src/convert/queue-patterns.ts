import { patternProblem } from "../resource/queue-list.ts";

type Patterns =
  | {
      readonly kind: "patterns";
      readonly patterns: readonly string[];
      /** The expression took in names that contain a match; the patterns take in names that begin with one. */
      readonly isNarrower: boolean;
    }
  | { readonly kind: "unusable"; readonly because: string };

/** A regular expression of KEDA, unanchored and with any alternatives, as patterns that begin with ^ and a literal character. */
export function boundedPatterns(expression: string): Patterns {
  const alternatives = alternativesOf(expression);
  const patterns = alternatives.map((one) => (one.startsWith("^") ? one : `^${one}`));
  for (const pattern of patterns) {
    const problem = patternProblem(pattern);
    if (problem !== undefined) return { kind: "unusable", because: `"${pattern}": ${problem}` };
  }
  return {
    kind: "patterns",
    patterns: [...new Set(patterns)],
    isNarrower: alternatives.some((one) => !one.startsWith("^")),
  };
}

/** Splits `a|b`, `^(a|b)` and `^(a|b)c` into expressions without an alternative at their beginning. */
function alternativesOf(expression: string): readonly string[] {
  const parts = splitOutside(expression);
  if (parts.length > 1) return parts.flatMap(alternativesOf);
  const leading = /^\^?\((?:\?:)?((?:[^()\\[]|\\.)*)\)(?![*?+{])(.*)$/.exec(expression);
  if (leading === null) return [expression];
  const [, inner = "", rest = ""] = leading;
  const anchor = expression.startsWith("^") ? "^" : "";
  return splitOutside(inner).map((one) => `${anchor}${one}${rest}`);
}

/** At each | that stands outside parentheses, brackets and escapes. */
function splitOutside(expression: string): readonly string[] {
  const parts: string[] = [""];
  let depth = 0;
  let isClass = false;
  for (const [token] of expression.matchAll(/\\.|[^]/g)) {
    if (token === "|" && depth === 0 && !isClass) {
      parts.push("");
      continue;
    }
    if (token === "[") isClass = true;
    else if (token === "]") isClass = false;
    else if (!isClass && token === "(") depth += 1;
    else if (!isClass && token === ")") depth -= 1;
    parts[parts.length - 1] += token;
  }
  return parts;
}

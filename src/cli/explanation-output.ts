import { type Explained, explanationOf } from "../operator/explanation.ts";

/** What came of the question. */
export type Explanation =
  | { readonly kind: "explained"; readonly view: Explained }
  /** There is such an object, and it cannot be read. */
  | { readonly kind: "unreadable"; readonly lines: readonly string[]; readonly object: object }
  /** Asked, and there is no such autoscaler, or more than one. */
  | { readonly kind: "unknown"; readonly lines: readonly string[] }
  /** Nobody could be asked. */
  | { readonly kind: "nobody"; readonly lines: readonly string[] };

/** Prints it, and sets the exit code of the process where nothing is explained. */
export function printExplanation(
  explanation: Explanation,
  { json, last, nowMs }: { readonly json: boolean; readonly last: number; readonly nowMs: number },
): void {
  switch (explanation.kind) {
    case "explained": {
      const { view } = explanation;
      const { decisions } = view;
      const shown = decisions === undefined ? view : { ...view, decisions: decisions.slice(-last) };
      return console.log(json ? JSON.stringify(shown) : explanationOf(view, { last, nowMs }));
    }
    case "unreadable":
      return console.log(json ? JSON.stringify(explanation.object) : explanation.lines.join("\n"));
    case "unknown":
    case "nobody":
      for (const line of explanation.lines) console.error(line);
      process.exitCode = 1;
  }
}

/** Those that there are, as lines. */
export const listed = (keys: readonly string[]): readonly string[] =>
  keys.length === 0 ? ["There is none."] : ["There are:", ...keys.map((key) => `  ${key}`)];

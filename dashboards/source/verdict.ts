import type { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { alertExpr, firing } from "./alerts.ts";
import { runbookLink } from "./links.ts";
import { type PanelText, words, wordsOf } from "./panels.ts";

/** A question that is answered by alerts: which of them mean bad when they fire, and which never more than a warning. */
export type Question = {
  readonly bad: readonly string[];
  readonly warn: readonly string[];
};

type Subject = {
  /** The series of what is asked about; nothing is said of others. */
  readonly of: string;
  /** The labels that tell one subject from another. */
  readonly by: readonly string[];
};

/** One answer for all subjects together, or one for each. */
type Scope = "together" | "each";

/**
 * 2 where an alert that means bad fires, 1 where the expression of any is true, else 0; no series without a subject.
 * An expression alone is no reason for red: jobs without a consumer are usual in the seconds of a start from zero.
 */
export const verdictExpr = (question: Question, subject: Subject, scope: Scope = "together"): string => {
  const by = subject.by.join(", ");
  const group = scope === "each" ? `group by (${by})` : "group";
  const whereTrue = (series: string): string => `${group} ((${series}) and on (${by}) ${subject.of})`;
  const expressions = [...question.bad, ...question.warn].map((alert) => `(${alertExpr(alert)})`);
  return [
    ...(question.bad.length > 0 ? [`2 * ${whereTrue(firing(question.bad))}`] : []),
    whereTrue(expressions.join(" or ")),
    `0 * ${group} (${subject.of})`,
  ].join(" or ");
};

/** The answer in words and colour, with links to the runbooks of its alerts. */
export const verdict = (
  text: Omit<PanelText, "unit">,
  question: Question & { readonly subject: Subject },
  answers: { readonly ok: string; readonly warn: string; readonly bad: string },
): StatBuilder =>
  words(
    { unit: "none", height: 4, ...text },
    [{ expr: verdictExpr(question, question.subject) }],
    wordsOf({
      0: { text: `OK: ${answers.ok}`, color: "green" },
      1: { text: `WARN: ${answers.warn}`, color: "orange" },
      2: { text: `BAD: ${answers.bad}`, color: "red" },
    }),
  ).links([...question.bad, ...question.warn].map(runbookLink));

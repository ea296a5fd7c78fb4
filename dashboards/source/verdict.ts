import type { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { alertExpr, firing } from "./alerts.ts";
import { runbookLink } from "./links.ts";
import { GREY, type PanelText, words, wordsOf } from "./panels.ts";

/** A question that is answered by alerts: which of them mean bad when they fire, and which never more than a warning. */
export type Question = {
  readonly bad: readonly string[];
  readonly warn: readonly string[];
  /** Alerts about operators, whose label `job` the series of their subjects have. */
  readonly ofOperator?: readonly OperatorAlert[];
  /** Series of those subjects of which too little is known to say that all is well. */
  readonly unknown: readonly string[];
};

type OperatorAlert = {
  readonly alert: string;
  readonly means: "bad" | "warn";
  /** Series of the subjects that it harms. */
  readonly harmed: string;
};

type Subject = {
  /** The series of what is asked about; nothing is said of others. */
  readonly of: string;
  /** The labels that tell one subject from another. */
  readonly by: readonly string[];
};

/** One answer for all subjects together, or one for each. */
type Scope = "together" | "each";

/** The value of each answer; worse is higher, so that a table can begin with the worst. */
export const ANSWERS = { ok: 0, unknown: 1, warn: 2, bad: 3 } as const;

/**
 * Bad where an alert that means bad fires, a warning where the expression of any is true, else unknown where too little
 * is known: silence of alerts about series that are gone means nothing. No series without a subject. An expression
 * alone is no reason for red: jobs without a consumer are usual in the seconds of a start from zero.
 */
export const verdictExpr = (question: Question, subject: Subject, scope: Scope = "together"): string => {
  const { bad, warn, ofOperator = [], unknown } = question;
  const by = subject.by.join(", ");
  const group = scope === "each" ? `group by (${by})` : "group";
  const ofSubjects = (series: string): string => `${group} ((${series}) and on (${by}) ${subject.of})`;
  const either = (series: readonly string[]): string => series.map((one) => `(${one})`).join(" or ");
  const harmed = (one: OperatorAlert, series: string): string =>
    `${group} (${one.harmed} and on (job) (${series}))`;
  return [
    ...(bad.length > 0 ? [`${ANSWERS.bad} * ${ofSubjects(firing(bad))}`] : []),
    ...ofOperator
      .filter(({ means }) => means === "bad")
      .map((one) => `${ANSWERS.bad} * ${harmed(one, firing([one.alert]))}`),
    `${ANSWERS.warn} * ${ofSubjects(either([...bad, ...warn].map(alertExpr)))}`,
    ...ofOperator.map((one) => `${ANSWERS.warn} * ${harmed(one, alertExpr(one.alert))}`),
    ...(unknown.length > 0 ? [`${ANSWERS.unknown} * ${ofSubjects(either(unknown))}`] : []),
    `${ANSWERS.ok} * ${group} (${subject.of})`,
  ].join(" or ");
};

/** The answer in words and colour, with links to the runbooks of its alerts. */
export const verdict = (
  text: Omit<PanelText, "unit">,
  question: Question & { readonly subject: Subject },
  answers: Readonly<Record<keyof typeof ANSWERS, string>>,
): StatBuilder =>
  words(
    { unit: "none", height: 4, ...text },
    [{ expr: verdictExpr(question, question.subject) }],
    wordsOf({
      [ANSWERS.ok]: { text: `OK: ${answers.ok}`, color: "green" },
      [ANSWERS.unknown]: { text: `UNKNOWN: ${answers.unknown}`, color: GREY },
      [ANSWERS.warn]: { text: `WARN: ${answers.warn}`, color: "orange" },
      [ANSWERS.bad]: { text: `BAD: ${answers.bad}`, color: "red" },
    }),
  ).links(
    [...question.bad, ...question.warn, ...(question.ofOperator ?? []).map(({ alert }) => alert)].map(
      runbookLink,
    ),
  );

import { describe, expect, test } from "vitest";
import { interpolate } from "../../dashboards/lint/interpolation.ts";
import { OPERATOR as OPERATORS, operatorQuestions } from "../../dashboards/source/operator.ts";
import { AUTOSCALERS, questions } from "../../dashboards/source/questions.ts";
import { type Question, verdictExpr } from "../../dashboards/source/verdict.ts";
import { alertCases } from "./cases.ts";
import { testRules } from "./promtool.ts";
import { healthy, inputSeries, type World } from "./worlds.ts";

/** Everything is chosen. */
const sent = (expr: string): string => interpolate(expr, () => ".+");
const asked: readonly (readonly [name: string, question: Question, expr: string])[] = [
  ...Object.entries(questions).map(
    ([name, question]) => [name, question, sent(verdictExpr(question, AUTOSCALERS))] as const,
  ),
  ...Object.entries(operatorQuestions).map(
    ([name, question]) => [name, question, sent(verdictExpr(question, OPERATORS))] as const,
  ),
];

/** What tells of which autoscalers there is something to say. */
const SUBJECT = "autoscaler:millrace_replicas_desired:max";

type Moment = {
  readonly atMinute: number;
  readonly stepMinutes?: number;
  /** With the rules of this alert only. */
  readonly alert?: string;
};
/** Fails with what promtool got instead. */
const expectAnswer = async (
  world: World,
  condition: (answer: string) => string,
  exprs: readonly string[],
  { atMinute, stepMinutes = 1, alert }: Moment,
): Promise<void> => {
  const steps = Math.ceil(atMinute / stepMinutes) + 5;
  const series = inputSeries({ ...healthy, ...world }, { steps, stepMinutes, doubled: true });
  const expectations = exprs.map((expr) => ({ expr: condition(`(${expr})`), atMinute, labels: [{}] }));
  const rules = alert === undefined ? {} : { alert, recorded: [SUBJECT] };
  expect(await testRules({ series, stepMinutes, ...rules }, expectations)).toBe("");
};

describe("an alert that fires", () => {
  const answered = alertCases.flatMap((one) =>
    asked
      .filter(([, { bad, warn }]) => [...bad, ...warn].includes(one.alert))
      .map(
        ([name, { bad }, expr]) => [one.alert, name, { one, expr, isBad: bad.includes(one.alert) }] as const,
      ),
  );
  test.each(answered)("%s is told by the answer about %s", async (alert, _name, { one, expr, isBad }) => {
    const told = (answer: string): string => (isBad ? `${answer} == bool 2` : `${answer} == bool 1`);
    const { byMinute: atMinute, stepMinutes = 1 } = one;
    await expectAnswer(one.fires, told, [expr], { atMinute, stepMinutes, alert });
  });
});

test("in a healthy world every answer is well, also when two operators tell of it", async () => {
  const all = asked.map(([, , expr]) => expr);
  await expectAnswer({}, (answer) => `${answer} == bool 0`, all, { atMinute: 60 });
});

test("what has not lasted yet is a warning and not red", async () => {
  const world: World = { millrace_queue_messages_ready: { values: "5x60 20000x30" } };
  const [, , finishing = ""] = asked.find(([name]) => name === "finishing") ?? [];
  const alert = "MillraceBacklogWaitCritical";
  await expectAnswer(world, (answer) => `${answer} == bool 1`, [finishing], { atMinute: 62, alert });
  await expectAnswer(world, (answer) => `${answer} == bool 2`, [finishing], { atMinute: 80, alert });
});

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Dashboard, panelsOf } from "../../dashboards/lint/dashboard.ts";
import { interpolate } from "../../dashboards/lint/interpolation.ts";
import { OPERATOR as OPERATORS, operatorQuestions } from "../../dashboards/source/operator.ts";
import { anything, AUTOSCALERS, questions } from "../../dashboards/source/questions.ts";
import { ANSWERS, type Question, verdictExpr } from "../../dashboards/source/verdict.ts";
import { alertCases } from "./cases.ts";
import { testRules } from "./promtool.ts";
import { foreignWorkers, healthy, inputSeries, SUBJECT, type World } from "./worlds.ts";

const windows: Readonly<Record<string, string>> = { __rate_interval: "5m", __range: "1h" };
/** Everything is chosen. */
const sent = (expr: string): string => interpolate(expr, ({ name }) => windows[name] ?? ".+");

type Asked = readonly [name: string, question: Question, expr: string];
const asked: readonly Asked[] = [
  ...Object.entries(questions).map(
    ([name, question]) => [name, question, sent(verdictExpr(question, AUTOSCALERS))] as const,
  ),
  ...Object.entries(operatorQuestions).map(
    ([name, question]) => [`operator: ${name}`, question, sent(verdictExpr(question, OPERATORS))] as const,
  ),
];
type Answer = keyof typeof ANSWERS;
/** True where the question has this answer. */
const isAnswered = (name: string, answer: Answer): string => {
  const [, , expr] = asked.find(([one]) => one === name) ?? expect.fail(`nobody asks ${name}`);
  return `(${expr}) == bool ${ANSWERS[answer]}`;
};

/** A healthy world, and what the dashboards ask for beside the alerts. */
const seen: World = {
  ...healthy,
  'millrace_autoscaler_condition{type="Ready",status="true"}': { gauge: 1 },
};

const notFresh: World = {
  'millrace_autoscaler_condition{type="SignalsFresh",status="true"}': undefined,
  'millrace_autoscaler_condition{type="SignalsFresh",status="false"}': { gauge: 1 },
};
const notReady: World = {
  'millrace_autoscaler_condition{type="Ready",status="true"}': undefined,
  'millrace_autoscaler_condition{type="Ready",status="false"}': { gauge: 1 },
};

type Moment = {
  readonly atMinute: number;
  readonly stepMinutes?: number;
  /** With the rules of this alert only. */
  readonly alert?: string;
};
/** Fails with what promtool got instead. */
const expectTrue = async (
  world: World,
  conditions: readonly string[],
  { atMinute, stepMinutes = 1, alert }: Moment,
): Promise<void> => {
  const steps = Math.ceil(atMinute / stepMinutes) + 5;
  const series = inputSeries({ ...seen, ...world }, { steps, stepMinutes, doubled: true });
  const expectations = conditions.map((expr) => ({ expr, atMinute, labels: [{}] }));
  expect(await testRules({ series, stepMinutes, ...(alert !== undefined && { alert }) }, expectations)).toBe(
    "",
  );
};

describe("an alert that fires", () => {
  const answered = alertCases.flatMap((one) =>
    asked
      .filter(([, { bad, warn }]) => [...bad, ...warn].includes(one.alert))
      .map(([name, { bad }]) => [one.alert, name, { one, isBad: bad.includes(one.alert) }] as const),
  );
  test.each(answered)("%s is told by the answer about %s", async (alert, name, { one, isBad }) => {
    const { byMinute: atMinute, stepMinutes = 1 } = one;
    await expectTrue(one.fires, [isAnswered(name, isBad ? "bad" : "warn")], { atMinute, stepMinutes, alert });
  });

  const ofOperators = questions.autoscaler.ofOperator.map((one) => [one.alert, one.means] as const);
  test.each(ofOperators)("%s means %s for its operator's autoscalers that it harms", async (alert, means) => {
    const { fires } = alertCases.find((one) => one.alert === alert) ?? expect.fail(`no case of ${alert}`);
    await expectTrue({ ...fires, ...notFresh }, [isAnswered("autoscaler", means)], { atMinute: 15, alert });
  });
});

test("a broker that is away is nothing to an autoscaler whose signals are fresh", async () => {
  const alert = "MillraceBrokerPollStale";
  const { fires } = alertCases.find((one) => one.alert === alert) ?? expect.fail(`no case of ${alert}`);
  await expectTrue(fires, [isAnswered("autoscaler", "ok")], { atMinute: 15, alert });
});

test("in a healthy world every answer is well, also when two operators tell of it", async () => {
  await expectTrue(
    {},
    asked.map(([name]) => isAnswered(name, "ok")),
    { atMinute: 60 },
  );
});

test("what has not lasted yet is a warning and not red", async () => {
  const world: World = { millrace_queue_messages_ready: { values: "5x60 20000x30" } };
  const alert = "MillraceBacklogWaitCritical";
  await expectTrue(world, [isAnswered("finishing", "warn")], { atMinute: 62, alert });
  await expectTrue(world, [isAnswered("finishing", "bad")], { atMinute: 80, alert });
});

const AWAY_SINCE_MINUTE = 60;
const untilAway = (value: number) => ({ values: `${value}x${AWAY_SINCE_MINUTE} stale` });
const totalUntilAway = (perMinute: number) => ({ values: `0+${perMinute}x${AWAY_SINCE_MINUTE} stale` });
/** The operator cannot read the broker any more, and sees the target as before. */
const blind: World = {
  millrace_queue_messages_ready: untilAway(5),
  millrace_queue_messages_unacked: untilAway(10),
  millrace_queue_consumers: untilAway(10),
  millrace_queue_messages_published_total: totalUntilAway(600),
  millrace_queue_messages_delivered_total: totalUntilAway(600),
  millrace_queue_messages_acked_total: totalUntilAway(600),
  millrace_queue_messages_redelivered_total: totalUntilAway(1),
  'millrace_autoscaler_condition{type="Ready",status="true"}': untilAway(1),
  'millrace_autoscaler_condition{type="Ready",status="false"}': { values: `_x${AWAY_SINCE_MINUTE} 1x30` },
  'millrace_autoscaler_condition{type="SignalsFresh",status="true"}': untilAway(1),
  'millrace_autoscaler_condition{type="SignalsFresh",status="false"}': {
    values: `_x${AWAY_SINCE_MINUTE} 1x30`,
  },
};
const away = { atMinute: 70 };

describe("when the broker is away", () => {
  test("nothing that hangs on it is said to be well", async () => {
    const foreign = { ...foreignWorkers, ...blind };
    await expectTrue(
      foreign,
      [
        isAnswered("finishing", "unknown"),
        isAnswered("serviceTime", "unknown"),
        `(${sent(verdictExpr(questions.autoscaler, AUTOSCALERS))}) >= bool ${ANSWERS.unknown}`,
        isAnswered("workers", "ok"),
      ],
      away,
    );
  });

  test("workers that export their own metrics still tell how long jobs run", async () => {
    await expectTrue(blind, [isAnswered("serviceTime", "ok")], away);
  });

  test("nobody is said to be quiet at this hour", async () => {
    const series = inputSeries({ ...seen, ...blind }, { steps: 80, stepMinutes: 1 });
    const [expr = ""] = exprsOf("When in the day or week do more jobs come?");
    const before = { expr: `round((${expr}), 0.1) == bool 1`, atMinute: 50, labels: [{}] };
    const after = { expr, atMinute: away.atMinute, labels: [] };
    expect(await testRules({ series, stepMinutes: 1 }, [before, after])).toBe("");
  });
});

describe("too little is known", () => {
  const cases: readonly (readonly [what: string, name: string, answer: Answer, world: World])[] = [
    [
      "with a pattern whose queues are not known",
      "finishing",
      "unknown",
      { millrace_autoscaler_queue_info: undefined, ...notFresh, ...notReady },
    ],
    ["but not of the queues where only a floor has no value", "finishing", "ok", notFresh],
    [
      "of workers whose target cannot be seen",
      "workers",
      "unknown",
      {
        millrace_replicas_ready: undefined,
        millrace_replicas_desired: undefined,
        millrace_replicas_current: undefined,
      },
    ],
    [
      "of an autoscaler that has not looked yet",
      "autoscaler",
      "unknown",
      { 'millrace_autoscaler_condition{type="SignalsFresh",status="true"}': undefined },
    ],
    [
      "of jobs that run where none has ended",
      "serviceTime",
      "unknown",
      { ...foreignWorkers, millrace_queue_messages_acked_total: { gauge: 0 } },
    ],
    [
      "but not of jobs where none runs",
      "serviceTime",
      "ok",
      {
        ...foreignWorkers,
        millrace_queue_messages_acked_total: { gauge: 0 },
        millrace_queue_messages_unacked: { gauge: 0 },
      },
    ],
    [
      "where an operator asks no broker",
      "operator: brokers",
      "unknown",
      { millrace_broker_last_success_timestamp_seconds: undefined },
    ],
    [
      "where an operator asks no Prometheus",
      "operator: workers",
      "unknown",
      { millrace_workers_last_success_timestamp_seconds: undefined },
    ],
    ["where no operator leads", "operator: decides", "unknown", { millrace_operator_leader: { gauge: 0 } }],
  ];
  test.each(cases)("%s: %s is %s", async (_what, name, answer, world) => {
    await expectTrue(world, [isAnswered(name, answer)], { atMinute: 20 });
  });
});

test("of two autoscalers the one that is blind is unknown, alone and in what is said of both", async () => {
  const of = (world: World, autoscaler: string) =>
    inputSeries({ ...seen, ...world }, { steps: 80, stepMinutes: 1 })
      .filter(
        ({ series }) => series.includes(`autoscaler="${SUBJECT.autoscaler}"`) || series.includes("queue="),
      )
      .map((one) => ({
        ...one,
        series: one.series
          .replaceAll(`"${SUBJECT.autoscaler}"`, `"${autoscaler}"`)
          .replace(/queue="[^"]*"/, `queue="jobs.${autoscaler}"`),
      }));
  const series = [...of({}, "seeing"), ...of(blind, "blind")];
  const { atMinute } = away;
  const each = sent(verdictExpr(anything, AUTOSCALERS, "each"));
  const expectations = [
    {
      expr: `((${each}) == bool ${ANSWERS.ok}) == 1`,
      atMinute,
      labels: [{ ...SUBJECT, autoscaler: "seeing" }],
    },
    {
      expr: `((${each}) > bool ${ANSWERS.ok}) == 1`,
      atMinute,
      labels: [{ ...SUBJECT, autoscaler: "blind" }],
    },
    { expr: isAnswered("finishing", "unknown"), atMinute, labels: [{}] },
  ];
  expect(await testRules({ series, stepMinutes: 1 }, expectations)).toBe("");
});

const dashboard = JSON.parse(
  readFileSync(new URL("../../dashboards/autoscaler.json", import.meta.url), "utf8"),
) as Dashboard;
const exprsOf = (panel: string): readonly string[] => {
  const { targets = [] } = panelsOf(dashboard).find(({ title }) => title === panel) ?? expect.fail(panel);
  return targets.map(({ expr = "" }) => sent(expr));
};

describe("workers in another language", () => {
  const states: readonly (readonly [what: string, value: number, world: World])[] = [
    ["at zero", 0, { millrace_replicas_desired: { gauge: 0 }, millrace_replicas_ready: { gauge: 0 } }],
    ["ready", 1, {}],
    [
      "starting",
      2,
      { millrace_replicas_ready: { values: "0+1x400" }, millrace_replicas_desired: { gauge: 100 } },
    ],
    ["not ready", 3, { millrace_replicas_ready: { gauge: 8 } }],
    ["restarted", 4, { millrace_pod_restarts_total: { perMinute: 1 } }],
  ];
  test.each(states)("have a state of their replicas: %s", async (_what, value, world) => {
    const [expr = ""] = exprsOf("Health of the replicas");
    const series = inputSeries({ ...seen, ...foreignWorkers, ...world }, { steps: 30, stepMinutes: 1 });
    const expectation = { expr: `(${expr}) == bool ${value}`, atMinute: 20, labels: [SUBJECT] };
    expect(await testRules({ series, stepMinutes: 1 }, [expectation])).toBe("");
  });

  test("have their replicas in numbers", async () => {
    const world: World = {
      millrace_replicas_desired: { gauge: 12 },
      millrace_replicas_current: { gauge: 11 },
      millrace_replicas_ready: { gauge: 9 },
      millrace_pod_restarts_total: { values: "0x10 3x60" },
    };
    const series = inputSeries({ ...seen, ...foreignWorkers, ...world }, { steps: 60, stepMinutes: 1 });
    const numbers = [12, 9, 2, 1, 3];
    const exprs = exprsOf("Replicas in numbers");
    expect(exprs).toHaveLength(numbers.length);
    const expectations = exprs.map((expr, index) => ({
      expr: `(${expr}) == bool ${numbers[index]}`,
      atMinute: 50,
      labels: [SUBJECT],
    }));
    expect(await testRules({ series, stepMinutes: 1 }, expectations)).toBe("");
  });
});

test("queues of one name in two vhosts are two", async () => {
  const vhosts = ["/", "other"];
  const world: World = {
    ...seen,
    millrace_jobs_started_total: { perMinute: 600 },
    millrace_jobs_started_in_time_total: { perMinute: 600 },
  };
  const series = vhosts.flatMap((vhost) =>
    inputSeries(
      vhost === "/" ? world : { ...world, millrace_jobs_started_in_time_total: { perMinute: 60 } },
      {
        steps: 30,
        stepMinutes: 1,
      },
    )
      .filter((one) => one.series.includes("vhost="))
      .map((one) => ({ ...one, series: one.series.replace('vhost="/"', `vhost="${vhost}"`) })),
  );
  const [expr = ""] = exprsOf("Jobs that start in time");
  const shares = [
    [1, "/"],
    [0.1, "other"],
  ] as const;
  const expectations = shares.map(([share, vhost]) => ({
    expr: `(round((${expr}), 0.1) == bool ${share}) == 1`,
    atMinute: 20,
    labels: [{ broker: "default", vhost, queue: "jobs.orders" }],
  }));
  expect(await testRules({ series, stepMinutes: 1 }, expectations)).toBe("");
});

import { describe, expect, test } from "vitest";
import type { AlertCase } from "./alert-case.ts";
import { alertCases } from "./cases.ts";
import { alerts, type Expectation, testRules } from "./promtool.ts";
import { healthy, type InputOptions, inputSeries, quietDays, type World } from "./worlds.ts";

const firing = (alert: string): string =>
  `count without () (ALERTS{alertname="${alert}", alertstate="firing"})`;
/** Answered only if it fired at some moment since the beginning. */
const everFired = (which: string, minutes: number): Expectation => ({
  expr: `count by (alertname) (count_over_time(ALERTS{${which}alertstate="firing"}[${minutes}m]))`,
  atMinute: minutes,
  labels: [],
});
const check = (
  world: World,
  options: InputOptions & { readonly alert?: string },
  expectations: readonly Expectation[],
): Promise<string> =>
  testRules({ ...options, series: inputSeries({ ...healthy, ...world }, options) }, expectations);

describe.each(alertCases.map((one, index) => [one.alert, index, one] as const))(
  "%s (%i)",
  (_alert, _index, one) => {
    const stepMinutes = one.stepMinutes ?? 1;
    const steps = Math.ceil(one.byMinute / stepMinutes) + 30;
    const { alert } = one;
    const fired: Expectation = {
      expr: firing(one.alert),
      atMinute: one.byMinute,
      labels: [labelsOf(one)],
    };

    test("positive", async () => {
      const early = everFired(`alertname="${one.alert}", `, one.notBeforeMinute ?? 1);
      expect(await check(one.fires, { alert, steps, stepMinutes }, [fired, early])).toBe("");
    });

    test("doubled", async () => {
      expect(await check(one.fires, { alert, steps, stepMinutes, doubled: true }, [fired])).toBe("");
    });

    test.each(Object.entries(one.quiet))("negative: %s", async (_what, world) => {
      const never = everFired(`alertname="${one.alert}", `, one.byMinute);
      expect(await check(world, { alert, steps, stepMinutes, doubled: true }, [never])).toBe("");
    });

    test.each([
      ["vanish", /./],
      ["vanish: the operator's alone", /^millrace_/],
    ])("%s", async (_what, which) => {
      const vanish = { after: Math.ceil(one.byMinute / stepMinutes), which };
      const atMinute = one.byMinute + (one.clearsWithinMinutes ?? 15 * stepMinutes);
      const labels = one.whenAllVanish === "fires" ? [labelsOf(one)] : [];
      const world = one.whenAllVanish === "fires" ? {} : one.fires;
      expect(
        await check(world, { alert, steps, stepMinutes, vanish }, [
          { expr: firing(one.alert), atMinute, labels },
        ]),
      ).toBe("");
    });

    test("upgrade: it goes on firing", async () => {
      const after = Math.ceil(one.byMinute / stepMinutes) + 1;
      const upgrade = { after, steps: Math.max(1, Math.floor(2 / stepMinutes)) };
      const stillFires = [0, 1, 2, 3, 5, 8].map((step) => ({
        ...fired,
        atMinute: (after + step) * stepMinutes,
      }));
      expect(await check(one.fires, { alert, steps, stepMinutes, upgrade }, stillFires)).toBe("");
    });

    test("restart", async () => {
      const restartAfter = Math.ceil(one.byMinute / stepMinutes / 2);
      const never = everFired(`alertname="${one.alert}", `, one.byMinute);
      expect(await check({}, { alert, steps, stepMinutes, restartAfter }, [never])).toBe("");
    });
  },
);

test("every alert has its cases, and every case its alert", () => {
  expect(new Set(alertCases.map(({ alert }) => alert))).toEqual(new Set(alerts.map(({ alert }) => alert)));
});

describe("nobody is woken by", () => {
  test.each(Object.entries(quietDays))("%s", async (_what, world) => {
    expect(await check(world, { steps: 200, stepMinutes: 1 }, [everFired("", 170)])).toBe("");
  });
});

describe("of a healthy world", () => {
  test.each([
    ["the workers' series vanish: nobody is woken", /^(worker_|millrace_jobs_started)/, []],
    ["the broker's series vanish: nobody is woken", /^millrace_queue_(?!objective)/, []],
    ["the operator's series vanish: its absence is told", /^millrace_/, ["MillraceOperatorDown"]],
  ])("%s", async (_what, which, told) => {
    const options = { steps: 200, stepMinutes: 1, vanish: { after: 60, which } };
    const fired = { ...everFired("", 170), labels: told.map((alertname) => ({ alertname })) };
    expect(await check({}, options, [{ ...fired, expr: `${fired.expr} * 0 + 1` }])).toBe("");
  });
});

function labelsOf({ alert, labels }: AlertCase): Readonly<Record<string, string>> {
  const severity = alerts.find((one) => one.alert === alert)?.labels["severity"] ?? "";
  return { alertname: alert, alertstate: "firing", severity, ...labels };
}

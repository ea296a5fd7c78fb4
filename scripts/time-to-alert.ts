/** How long an alert takes from the moment its condition is true until the webhook is called, as its rules' files say. */
export type RuleGroup = {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly {
    readonly alert?: string;
    readonly record?: string;
    readonly expr: string;
    readonly for?: string;
  }[];
};

export type Before = {
  /** From a change until the operator exports it: its cycle. */
  readonly lookSeconds: number;
  readonly scrapeSeconds: number;
  /** Alertmanager's group_wait. */
  readonly groupWaitSeconds: number;
};

/** `90s`, `5m` or `3h` in seconds. */
export const secondsOf = (duration: string): number => {
  const [, count = "", unit = ""] = /^(\d+)(s|m|h)$/.exec(duration) ?? [];
  const seconds = Number(count) * ({ s: 1, m: 60, h: 3_600 }[unit] ?? Number.NaN);
  if (count === "" || Number.isNaN(seconds)) throw new Error(`${duration}: expected a number and s, m or h`);
  return seconds;
};

/**
 * The longest time that the way takes by itself, in seconds: everything has just missed its turn. A recorded series that
 * is asked by another group is up to an interval of its own group older; rules of one group are evaluated one after
 * another.
 *
 * @throws Error where no rule is called `alert`
 */
export function longestSecondsToAlert(groups: readonly RuleGroup[], alert: string, before: Before): number {
  const rules = groups.flatMap((group) => group.rules.map((rule) => ({ ...rule, group })));
  const found = rules.find((rule) => rule.alert === alert);
  if (found === undefined) throw new Error(`no rule is called ${alert}`);
  const ageOf = ({ expr, group }: (typeof rules)[number]): number => {
    const asked = rules.filter(({ record }) => record !== undefined && expr.includes(record));
    const ages = asked.map(
      (rule) => ageOf(rule) + (rule.group === group ? 0 : secondsOf(rule.group.interval)),
    );
    return Math.max(0, ...ages);
  };
  const { lookSeconds, scrapeSeconds, groupWaitSeconds } = before;
  const evaluation = secondsOf(found.group.interval);
  return (
    lookSeconds +
    scrapeSeconds +
    ageOf(found) +
    evaluation +
    Math.ceil(secondsOf(found.for ?? "0s") / evaluation) * evaluation +
    groupWaitSeconds
  );
}

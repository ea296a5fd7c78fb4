import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { programs } from "../../scripts/programs.mjs";

export type Rule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};
export type Alert = Rule & {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};
type RuleFile = {
  readonly groups: readonly {
    readonly name: string;
    readonly interval: string;
    readonly rules: readonly Rule[];
  }[];
};

const folder = fileURLToPath(new URL("../../manifests/rules", import.meta.url));
/** In the order in which they build on one another. */
export const ruleFiles = ["recording.yaml", "alerts.yaml"].map((file) => join(folder, file));
export const groups = ruleFiles.flatMap((file) => (parse(readFileSync(file, "utf8")) as RuleFile).groups);
export const rules = groups.flatMap(({ rules: own }) => own);
export const alerts = rules.filter((rule): rule is Alert => rule.alert !== undefined);

/** Missing, no test of rules can run, and a skipped one would look like a passed one. */
const promtool = (): string => {
  const found = programs.promtool.find(process.env);
  if (found === undefined) throw new Error("tests of rules need promtool (Debian: prometheus)");
  return found;
};

export type Expectation = {
  readonly expr: string;
  readonly atMinute: number;
  /** Label sets of the answer, all of value 1; none: an empty answer. */
  readonly labels: readonly Readonly<Record<string, string>>[];
};

export type RuleTest = {
  readonly series: readonly object[];
  readonly stepMinutes: number;
  /** This alert and the series recorded for it, as days of all rules take long; without it all. */
  readonly alert?: string;
};

/** @returns what promtool complains of; empty when all is as expected */
export function testRules(input: RuleTest, expectations: readonly Expectation[]): string {
  const directory = mkdtempSync(join(tmpdir(), "rules-"));
  try {
    const file = join(directory, "test.json");
    const interval = `${input.stepMinutes}m`;
    const tests = [
      {
        interval,
        input_series: input.series,
        promql_expr_test: expectations.map(({ expr, atMinute, labels }) => ({
          expr,
          eval_time: `${atMinute}m`,
          exp_samples: labels.map((set) => ({ labels: selectorOf(set), value: 1 })),
        })),
      },
    ];
    const needed = input.alert === undefined ? groups : groupsFor(input.alert);
    writeFileSync(join(directory, "rules.json"), JSON.stringify({ groups: needed }));
    const order = needed.map(({ name }) => name);
    writeFileSync(
      file,
      JSON.stringify({
        rule_files: ["rules.json"],
        evaluation_interval: interval,
        group_eval_order: order,
        tests,
      }),
    );
    return run("test", "rules", file);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function groupsFor(alert: string): typeof groups {
  const needed = new Set([alert]);
  // Recorded series come before those that ask for them, and so one walk from the end finds all.
  for (const { alert: name, record, expr } of rules.toReversed()) {
    if (!needed.has(name ?? record ?? "")) continue;
    for (const [asked] of expr.matchAll(/\b(queue|autoscaler):\w+:\w+/g)) needed.add(asked);
  }
  return groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter(({ alert: name, record }) => needed.has(name ?? record ?? "")),
    }))
    .filter((group) => group.rules.length > 0);
}

/** @returns what promtool complains of, style included */
export const checkRules = (): string => run("check", "rules", "--lint=all", "--lint-fatal", ...ruleFiles);

function run(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(promtool(), args, { encoding: "utf8" });
  return status === 0 ? "" : `${stdout}${stderr}`;
}

const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(", ")}}`;

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { clusterFolders } from "../../embedded/cluster/folders.ts";
import { buildPrograms, ProgramBuildError, whyNotBuildable } from "../../embedded/cluster/go-build.ts";
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
const promtool2 = programs.promtool.find(process.env);
if (promtool2 === undefined) throw new Error("tests of rules need promtool (Debian: prometheus)");

/** promtool 3, built once into the user's cache; why not, where that cannot be. */
const findPromtool3 = async (): Promise<{ readonly path: string } | { readonly missing: string }> => {
  const folder = clusterFolders(process.env).programs;
  const missing = await whyNotBuildable(folder, ["promtool"], process.env);
  if (missing !== undefined) return { missing };
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    return { path: (await buildPrograms(folder, ["promtool"], { env: process.env, say })).promtool };
  } catch (error) {
    if (error instanceof ProgramBuildError) return { missing: error.message };
    throw error;
  }
};
const promtool3 = await findPromtool3();

/** Why the rules are not checked with Prometheus 3 here; undefined when they are. */
export const withoutPromtool3 = "missing" in promtool3 ? promtool3.missing : undefined;
/** Those that there are: 2 and, where it can be had, 3. */
export const promtools = [promtool2, ...("path" in promtool3 ? [promtool3.path] : [])];

/** What each promtool that is asked says it is. */
export const versions = (): Promise<readonly string[]> =>
  Promise.all(promtools.map(async (promtool) => (await execute(promtool, ["--version"])).stdout));

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

/** @returns what either promtool complains of; empty when all is as expected */
export const testRules = (input: RuleTest, expectations: readonly Expectation[]): Promise<string> =>
  runTest(input, {
    promql_expr_test: expectations.map(({ expr, atMinute, labels }) => ({
      expr,
      eval_time: `${atMinute}m`,
      exp_samples: labels.map((set) => ({ labels: selectorOf(set), value: 1 })),
    })),
  });

/** The same of an alert that fires once at that time, with exactly these labels (beside its name) and annotations. */
export const testAlert = (
  input: RuleTest & { readonly alert: string },
  { atMinute, ...expected }: Pick<Alert, "labels" | "annotations"> & { readonly atMinute: number },
): Promise<string> =>
  runTest(input, {
    alert_rule_test: [
      {
        alertname: input.alert,
        eval_time: `${atMinute}m`,
        exp_alerts: [{ exp_labels: expected.labels, exp_annotations: expected.annotations }],
      },
    ],
  });

async function runTest(input: RuleTest, expected: object): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "rules-"));
  try {
    const file = join(directory, "test.json");
    const interval = `${input.stepMinutes}m`;
    const needed = input.alert === undefined ? groups : groupsFor(input.alert);
    await writeFile(join(directory, "rules.json"), JSON.stringify({ groups: needed }));
    const test = {
      rule_files: ["rules.json"],
      evaluation_interval: interval,
      group_eval_order: needed.map(({ name }) => name),
      tests: [{ interval, input_series: input.series, ...expected }],
    };
    await writeFile(file, JSON.stringify(test));
    return await run("test", "rules", file);
  } finally {
    await rm(directory, { recursive: true });
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

/** @returns what either promtool complains of, style included */
export const checkRules = (): Promise<string> =>
  run("check", "rules", "--lint=all", "--lint-fatal", ...ruleFiles);

const execute = promisify(execFile);

async function run(...args: readonly string[]): Promise<string> {
  const complaints = promtools.map(async (promtool) => {
    try {
      await execute(promtool, args);
      return "";
    } catch (error) {
      const { stdout, stderr, message } = error as Error & {
        readonly stdout?: string;
        readonly stderr?: string;
      };
      return `${message}\n${stdout ?? ""}${stderr ?? ""}`;
    }
  });
  return (await Promise.all(complaints)).join("");
}

const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(", ")}}`;

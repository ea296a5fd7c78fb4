import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

type Rule = { readonly alert?: string; readonly for?: string; readonly keep_firing_for?: string };
type RuleFile = {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
};

/** What Prometheus is given instead of the durations of manifests/rules. */
const SHORT = "1s";

/**
 * Copies of manifests/rules in `directory`, for a real Prometheus that a test waits for: groups are evaluated every
 * second, and `for` and `keep_firing_for` are a second. Nothing else differs, expressions least of all.
 *
 * @returns their paths
 */
export async function shortRules(directory: string): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true });
  return Promise.all(
    ["recording.yaml", "alerts.yaml"].map(async (name) => {
      const source = fileURLToPath(new URL(`../../manifests/rules/${name}`, import.meta.url));
      const { groups } = parse(await readFile(source, "utf8")) as RuleFile;
      const short = groups.map((group) => ({ ...group, interval: SHORT, rules: group.rules.map(shortRule) }));
      const file = join(directory, basename(source));
      await writeFile(file, JSON.stringify({ groups: short }));
      return file;
    }),
  );
}

const shortRule = (rule: Rule): Rule => ({
  ...rule,
  ...(rule.for !== undefined && { for: SHORT }),
  ...(rule.keep_firing_for !== undefined && { keep_firing_for: SHORT }),
});

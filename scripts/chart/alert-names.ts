import { readFileSync } from "node:fs";
import { parse } from "yaml";

type RuleFile = { readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[] };

/** Names of the alerts in manifests/rules, in their order. */
export function alertNames(): readonly string[] {
  const file = new URL("../../manifests/rules/alerts.yaml", import.meta.url);
  const { groups } = parse(readFileSync(file, "utf8")) as RuleFile;
  return groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
}
